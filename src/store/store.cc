#include "store/store.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::store {
namespace {

using base::Code;

bool is_control(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value < 0x20 || value == 0x7F;
}

bool is_part(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && std::ranges::none_of(part, is_control);
}

}  // namespace

bool is_valid_name(std::string_view name) {
  for (;;) {
    const std::size_t slash = name.find('/');
    if (!is_part(name.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

void check_name(std::string_view name) {
  if (is_valid_name(name)) return;
  throw base::Error(Code::kInvalid, base::cat("\"", base::printable(name),
                                              "\" is no name for anything in a vault"));
}

std::string get_text(Store& store, const std::string& name, std::uint64_t max_bytes) {
  const auto source = store.get(name);
  std::string text;
  base::Buffer buffer(64 * 1024);
  while (const std::size_t count = source->read(buffer)) {
    text += base::as_text(base::Bytes(buffer).first(count));
    if (text.size() > max_bytes) {
      throw base::Error(Code::kCorrupt,
                        base::cat(name, " in ", store.location(), " has more than ", max_bytes,
                                  " bytes: it is not what it should be"));
    }
  }
  return text;
}

void put_text(Store& store, const std::string& name, std::string_view text) {
  const auto sink = store.put(name);
  sink->write(base::as_bytes(text));
  sink->finish();
}

}  // namespace lifeboat::store
