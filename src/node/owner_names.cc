#include "node/owner_names.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "node/tar_writer.h"

namespace lifeboat::node {
namespace {

constexpr std::uint64_t kAccountsBytesMax = 4 * 1024 * 1024;

// Takes off and returns what is before the first `separator`, or all of it.
std::string_view take_until(char separator, std::string_view& text) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kAccountNameBytesMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return id;
}

AccountNames read_account_names(os::HostTree& host, const std::string& path) {
  AccountNames names;
  try {
    names = parse_account_names(os::read_host_file(host, path, kAccountsBytesMax).value_or(""));
  } catch (const base::Error& error) {
    if (error.code() == base::Code::kCancelled) throw;
  }
  names.try_emplace(0, "root");
  return names;
}

std::string find_name(const AccountNames& names, std::uint32_t id) {
  const auto found = names.find(id);
  return found == names.end() ? std::string() : found->second;
}

}  // namespace

AccountNames parse_account_names(std::string_view text) {
  AccountNames names;
  while (!text.empty()) {
    std::string_view line = take_until('\n', text);
    const std::string_view name = take_until(':', line);
    take_until(':', line);  // the password
    const auto id = parse_id(take_until(':', line));
    if (id && is_name(name)) names.try_emplace(*id, name);
  }
  return names;
}

OwnerNames::OwnerNames(os::HostTree& host)
    : users_(read_account_names(host, "etc/passwd")),
      groups_(read_account_names(host, "etc/group")) {}

std::string OwnerNames::user(std::uint32_t id) const { return find_name(users_, id); }
std::string OwnerNames::group(std::uint32_t id) const { return find_name(groups_, id); }

}  // namespace lifeboat::node
