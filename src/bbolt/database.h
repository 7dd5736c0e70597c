// An open bbolt file: its meta page, its pages, and look-ups in its buckets.
//
//   bbolt::Database database(file);
//   const auto value = database.get(as_bytes("meta"), as_bytes("consistent_index"));
//
// Trusts nothing: a damaged page is Error kCorrupt with its page id; no input makes it crash, loop,
// read outside the file or allocate more than kRunSizeMax. Used by one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/io.h"
#include "bbolt/format.h"
#include "bbolt/page.h"

namespace lifeboat::bbolt {

// A page with its overflow is not read when it is larger than this: etcd's largest request is far
// below, and a damaged overflow count must not cost memory.
inline constexpr std::uint64_t kRunSizeMax = 32 * 1024 * 1024;

// What the meta page in force says.
struct Meta {
  PageId page = 0;  // 0 or 1
  std::uint32_t page_size_bytes = 0;
  PageId root = 0;
  PageId freelist = kNoFreelist;
  PageId high_water_mark = 0;
  std::uint64_t txid = 0;

  std::uint64_t size_bytes() const { return high_water_mark * page_size_bytes; }
};

// Where a bucket's tree begins.
struct Bucket {
  PageId root = 0;           // 0: inline
  base::Buffer inline_page;  // the leaf page of an inline bucket

  // Throws kCorrupt if `value` is no bucket.
  static Bucket parse(base::Bytes value);
};

struct Item {
  base::Buffer key;
  base::Buffer value;
};

class Database {
 public:
  // Borrows `source`. Takes the valid meta page with the higher txid. Throws kCorrupt if neither is
  // valid or the file is shorter than its pages, kUnsupported for another byte order or version.
  explicit Database(base::RandomSource& source);

  const Meta& meta() const { return meta_; }
  base::RandomSource& source() { return source_; }

  // What is wrong with the other meta page; empty if nothing.
  const std::string& other_meta_problem() const { return other_meta_problem_; }

  // How many pages `id` takes with its overflow. Throws kCorrupt if that leads out of the file.
  std::uint64_t run_length(PageId id, const PageHeader& header) const;

  // The page with its overflow.
  base::Buffer read_run(PageId id);

  // The top-level bucket of that name.
  std::optional<Bucket> bucket(base::Bytes name);
  std::optional<base::Buffer> get(base::Bytes bucket_name, base::Bytes key);
  // The last item of a top-level bucket; nullopt if it is absent or empty.
  std::optional<Item> last(base::Bytes bucket_name);

 private:
  // The leaf that holds `key`, or would; the last one for nullopt. The buffer backs the page.
  struct Leaf {
    base::Buffer bytes;
    PageId id = 0;  // 0: an inline bucket's
    Page page() const;
  };
  Leaf find_leaf(const Bucket& bucket, std::optional<base::Bytes> key);
  std::optional<Item> find(const Bucket& bucket, base::Bytes key, bool* is_bucket);

  base::RandomSource& source_;
  Meta meta_;
  std::string other_meta_problem_;
};

}  // namespace lifeboat::bbolt
