#include "backup/file_kind.h"

#include <algorithm>

#include "vault/encoding.h"

namespace lifeboat::backup {

FileKind kind_of_head(base::Bytes head) {
  struct Known {
    std::string_view head;
    FileKind kind;
  };
  constexpr Known kKnown[] = {
      {"\x1F\x8B", {"compressed with gzip", {}}},
      {"\x28\xB5\x2F\xFD", {"compressed with zstd", vault::kEncodingZstd}},
      {"\xFD"
       "7zXZ",
       {"compressed with xz", {}}},
      {"age-encryption.org/", {"encrypted with age", vault::kEncodingAge}},
      {"-----BEGIN AGE ENCRYPTED FILE-----", {"encrypted with age, in ASCII armor", {}}}};
  const std::string_view text = base::as_text(head);
  const auto known = std::ranges::find_if(
      kKnown, [text](const Known& each) { return text.starts_with(each.head); });
  return known == std::end(kKnown) ? FileKind{} : known->kind;
}

}  // namespace lifeboat::backup
