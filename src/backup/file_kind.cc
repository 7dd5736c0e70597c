#include "backup/file_kind.h"

#include <algorithm>
#include <string_view>

namespace lifeboat::backup {

const char* describe_head(base::Bytes head) {
  struct Kind {
    std::string_view head;
    const char* text;
  };
  constexpr Kind kKinds[] = {{"\x1F\x8B", "compressed with gzip"},
                             {"\x28\xB5\x2F\xFD", "compressed with zstd"},
                             {"\xFD"
                              "7zXZ",
                              "compressed with xz"},
                             {"age-encryption.org/", "encrypted with age"}};
  const std::string_view text = base::as_text(head);
  const auto kind = std::ranges::find_if(
      kKinds, [text](const Kind& each) { return text.starts_with(each.head); });
  return kind == std::end(kKinds) ? nullptr : kind->text;
}

}  // namespace lifeboat::backup
