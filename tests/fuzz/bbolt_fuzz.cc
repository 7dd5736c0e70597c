// Any bytes as a bbolt file: no crash, no loop, and whatever passes the checker reads the same in
// both directions.
#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/io.h"
#include "bbolt/checker.h"
#include "bbolt/database.h"

namespace {

using namespace std::string_view_literals;
namespace base = lifeboat::base;
namespace bbolt = lifeboat::bbolt;

struct Recorder : bbolt::Visitor {
  void item(base::Bytes key, base::Bytes value) override {
    items.push_back({key.size(), value.size()});
  }
  void problem(const bbolt::Problem&) override { ++problems; }

  std::vector<std::pair<std::size_t, std::size_t>> items;
  int problems = 0;
};

// A changed meta page would nearly always fail its checksum and end every run there.
void fix_checksum(base::Buffer& image, std::size_t offset) {
  constexpr std::size_t kChecksumAt =
      sizeof(bbolt::PageHeader) + offsetof(bbolt::MetaBody, checksum);
  if (image.size() < offset + kChecksumAt + sizeof(std::uint64_t)) return;
  const base::le64 checksum = bbolt::fnv1a(base::Bytes(image).subspan(
      offset + sizeof(bbolt::PageHeader), offsetof(bbolt::MetaBody, checksum)));
  std::memcpy(image.data() + offset + kChecksumAt, &checksum, sizeof(checksum));
}

Recorder walk(const base::Buffer& image, bbolt::Direction direction) {
  base::MemorySource source(image);
  bbolt::Database database(source);
  Recorder recorder;
  bbolt::check_database(database, direction, recorder, {});
  return recorder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  base::Buffer image(data, data + size);
  fix_checksum(image, 0);
  fix_checksum(image, bbolt::kPageSizeMin);
  try {
    const Recorder forward = walk(image, bbolt::Direction::kForward);
    Recorder backward = walk(image, bbolt::Direction::kBackward);
    std::ranges::reverse(backward.items);
    if (forward.problems == 0 && forward.items != backward.items) __builtin_trap();
    base::MemorySource source(image);
    bbolt::Database database(source);
    (void)database.last(base::as_bytes("key"sv));
    (void)database.get(base::as_bytes("meta"sv), base::as_bytes("term"sv));
  } catch (const base::Error&) {
  }
  return 0;
}
