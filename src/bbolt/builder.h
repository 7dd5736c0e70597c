// Writes a bbolt file from sorted buckets with sorted items: fresh, packed, in one pass.
//
//   bbolt::Builder builder(*file, {.txid = 7});
//   builder.begin_bucket(as_bytes("key"));
//   builder.put(key, value);
//   const std::uint64_t size_bytes = builder.finish();
//
// What comes out, page by page, and why: docs/formats/bbolt.md, "Writing". Buckets within buckets,
// which etcd does not have, can't be written. Memory: half a MiB, some pages for each level of the
// tree, and nothing that grows with the number of items.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/io.h"
#include "bbolt/format.h"
#include "bbolt/run_writer.h"
#include "bbolt/tree_builder.h"

namespace lifeboat::bbolt {

struct BuilderOptions {
  std::uint32_t page_size_bytes = 4096;  // a power of two, kPageSizeMin to kPageSizeMax
  // Of the one transaction that the file looks like; at least 1.
  std::uint64_t txid = 1;
  // How full pages are made, 10 to 100. With 90, which etcd's own defragmentation takes, the first
  // changes do not split every page that they touch.
  unsigned fill_percent = 90;
};

// Used by one thread at a time. Throws what the target throws. After an exception the target is to
// be given up, and so is the builder.
class Builder {
 public:
  // Borrows `target`, which is empty. Throws kInvalid for options that are none.
  Builder(base::RandomSink& target, const BuilderOptions& options);

  // Begins a bucket, which may stay empty, and ends the one before. Throws kInvalid if the name is
  // empty, longer than kKeySizeMax, or not above the one before.
  void begin_bucket(base::Bytes name, std::uint64_t sequence = 0);

  // Puts an item into the bucket that was begun last; copies. Throws kInvalid if the key is empty,
  // longer than kKeySizeMax, or not above the one before, or the value is longer than
  // kValueSizeMax.
  void put(base::Bytes key, base::Bytes value);

  // Writes what is left, the meta pages last, and returns the size of the file. Only after this it
  // is a database; it is not synced. Nothing may follow.
  std::uint64_t finish();

 private:
  struct OpenBucket {
    base::Buffer name;
    std::uint64_t sequence;
    TreeBuilder tree;
  };

  void end_bucket();
  void write_meta_pages(PageId root);

  base::RandomSink& target_;
  const BuilderOptions options_;
  RunWriter writer_;
  TreeBuilder buckets_;
  std::optional<OpenBucket> open_;
};

}  // namespace lifeboat::bbolt
