#include "cli/owner.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/flags.h"
#include "cli/options.h"

namespace lifeboat::cli {
namespace {

using base::Code;
using base::Error;

// Where an id stands in a line of passwd(5) and group(5).
constexpr std::size_t kIdField = 2;
constexpr std::size_t kUsersGroupField = 3;

std::optional<std::uint32_t> parse_id(std::string_view text) {
  const auto number = base::parse_whole_number(text);
  // The last one stands for "no change" in chown(2).
  if (!number || *number >= std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

// Empty ones count: a password often is.
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  for (std::size_t colon = 0; colon != std::string_view::npos;) {
    colon = line.find(':');
    fields.emplace_back(line.substr(0, colon));
    line.remove_prefix(std::min(line.size(), colon + 1));
  }
  return fields;
}

std::optional<std::uint32_t> id_in(const std::vector<std::string>& fields, std::size_t index) {
  if (index >= fields.size()) return std::nullopt;
  return parse_id(fields[index]);
}

// The fields of the line that begins with `name`.
std::optional<std::vector<std::string>> find_line(os::FileSystem& fs, const std::string& path,
                                                  const std::string& name) {
  for (const std::string& line : base::split(read_named_file(fs, "owner", path), '\n')) {
    std::vector<std::string> fields = fields_of(line);
    if (fields.front() == name) return fields;
  }
  return std::nullopt;
}

[[noreturn]] void unknown(const std::string& name, const std::string& path) {
  throw Error(Code::kInvalid, base::cat("--owner: ", in_quotes(name), " is not in ", path),
              "give numbers, such as --owner 1000:1000");
}

std::uint32_t group_id(const std::string& group, os::FileSystem& fs) {
  const std::string path = "/etc/group";
  if (const auto number = parse_id(group)) return *number;
  const auto line = find_line(fs, path, group);
  const auto id = line ? id_in(*line, kIdField) : std::nullopt;
  if (!id) unknown(group, path);
  return *id;
}

}  // namespace

os::Owner parse_owner(const std::string& text, os::FileSystem& fs) {
  const std::string path = "/etc/passwd";
  const std::size_t colon = text.find(':');
  const std::string user = text.substr(0, colon);
  std::optional<std::uint32_t> user_id = parse_id(user);
  if (user_id && colon == std::string::npos) {
    throw Error(Code::kInvalid, base::cat("--owner: ", in_quotes(text), " names no group"),
                "give both numbers, such as --owner 1000:1000");
  }
  std::optional<std::uint32_t> users_group;
  if (!user_id) {
    const auto line = find_line(fs, path, user);
    if (!line) unknown(user, path);
    user_id = id_in(*line, kIdField);
    users_group = id_in(*line, kUsersGroupField);
  }
  if (colon != std::string::npos) users_group = group_id(text.substr(colon + 1), fs);
  if (!user_id || !users_group) unknown(user, path);
  return {.user_id = *user_id, .group_id = *users_group};
}

}  // namespace lifeboat::cli
