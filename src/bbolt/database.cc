#include "bbolt/database.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::bbolt {
namespace {

using base::Buffer;
using base::Bytes;
using base::cat;
using base::Code;
using base::Error;

// No healthy tree of at least two children a branch is deeper: 2^40 pages don't exist.
constexpr std::size_t kDepthMax = 40;

// One of the two meta pages, or why it is none.
struct MetaCandidate {
  std::optional<Meta> meta;
  std::string problem;
  bool other_byte_order = false;
};

std::uint32_t byte_swapped(std::uint32_t value) { return __builtin_bswap32(value); }

MetaCandidate decode_meta(Bytes page, PageId id) {
  PageHeader header;
  MetaBody body;
  std::memcpy(&header, page.data(), sizeof(header));
  std::memcpy(&body, page.data() + sizeof(header), sizeof(body));

  if (body.magic == byte_swapped(kMagic)) return {{}, "written in the other byte order", true};
  if (body.magic != kMagic) return {{}, "the magic number is wrong", false};
  if (body.version != kVersion) {
    return {{}, cat("version ", std::uint32_t{body.version}, " instead of 2"), false};
  }
  if (body.checksum != meta_checksum(body)) return {{}, "the checksum does not match", false};

  // The page's own header is not under the checksum.
  if (header.id != id || header.flags != kMetaPage) return {{}, "the page header is wrong", false};
  const std::uint32_t page_size = body.page_size;
  if (page_size < kPageSizeMin || page_size > kPageSizeMax || (page_size & (page_size - 1)) != 0) {
    return {{}, cat("a page size of ", page_size), false};
  }
  return {
      Meta{id, page_size, body.root, body.freelist, body.high_water_mark, body.txid}, {}, false};
}

constexpr std::size_t kMetaReadBytes = sizeof(PageHeader) + sizeof(MetaBody);

MetaCandidate read_meta(base::RandomSource& source, std::uint64_t offset, PageId id) {
  Buffer bytes(kMetaReadBytes);
  if (source.read_at(offset, bytes) < bytes.size()) return {{}, "the file ends before it", false};
  return decode_meta(bytes, id);
}

// Where meta page 1 is depends on the page size, which meta page 0 may no longer tell.
MetaCandidate find_second_meta(base::RandomSource& source, const MetaCandidate& first) {
  if (first.meta) return read_meta(source, first.meta->page_size_bytes, 1);
  MetaCandidate found;
  for (std::uint32_t size = kPageSizeMin; size <= kPageSizeMax && !found.meta; size *= 2) {
    MetaCandidate candidate = read_meta(source, size, 1);
    if (candidate.meta && candidate.meta->page_size_bytes != size) continue;
    if (candidate.meta || found.problem.empty()) found = std::move(candidate);
  }
  return found;
}

std::uint64_t whole_pages(std::uint64_t size_bytes, std::uint32_t page_size_bytes) {
  return size_bytes / page_size_bytes;
}

}  // namespace

Bucket Bucket::parse(Bytes value) {
  if (value.size() < sizeof(BucketHeader)) {
    throw Error(Code::kCorrupt, cat("a bucket header of ", value.size(), " bytes"));
  }
  BucketHeader header;
  std::memcpy(&header, value.data(), sizeof(header));
  Bucket bucket{header.root, {}};
  if (bucket.root == 0) {
    const Bytes page = value.subspan(sizeof(header));
    bucket.inline_page.assign(page.begin(), page.end());
  }
  return bucket;
}

Database::Database(base::RandomSource& source) : source_(source) {
  const MetaCandidate first = read_meta(source_, 0, 0);
  const MetaCandidate second = find_second_meta(source_, first);
  if (first.other_byte_order || second.other_byte_order) {
    throw Error(Code::kUnsupported, "the database was written by a big-endian machine",
                "Only databases of little-endian machines (amd64, arm64, ppc64le) can be read.");
  }
  if (!first.meta && !second.meta) {
    throw Error(Code::kCorrupt, cat("this is no bbolt database: meta page 0: ", first.problem,
                                    "; meta page 1: ", second.problem));
  }
  const bool second_is_newer = !first.meta || (second.meta && second.meta->txid > first.meta->txid);
  meta_ = second_is_newer ? *second.meta : *first.meta;
  const MetaCandidate& other = second_is_newer ? first : second;
  if (!other.meta) {
    other_meta_problem_ = cat("meta page ", second_is_newer ? 0 : 1, ": ", other.problem);
  }

  const std::uint64_t pages = whole_pages(source_.size_bytes(), meta_.page_size_bytes);
  if (meta_.high_water_mark > pages) {
    throw Error(Code::kCorrupt, cat("the file is cut short: it has room for ", pages, " of its ",
                                    meta_.high_water_mark, " pages"));
  }
}

std::uint64_t Database::run_length(PageId id, const PageHeader& header) const {
  const std::uint64_t length = std::uint64_t{header.overflow} + 1;
  if (id >= meta_.high_water_mark || length > meta_.high_water_mark - id) {
    throw Error(Code::kCorrupt, cat("page ", id, ": its ", length,
                                    " pages lead beyond the database's ", meta_.high_water_mark));
  }
  if (length * meta_.page_size_bytes > kRunSizeMax) {
    throw Error(Code::kCorrupt, cat("page ", id, ": a run of ", length, " pages"));
  }
  return length;
}

Buffer Database::read_run(PageId id) {
  if (id < kMetaPageCount || id >= meta_.high_water_mark) {
    throw Error(Code::kCorrupt, cat("page ", id, ": there is no such page"));
  }
  const std::uint64_t offset = id * meta_.page_size_bytes;
  Buffer bytes(meta_.page_size_bytes);
  std::size_t count = source_.read_at(offset, bytes);
  if (count == bytes.size()) {
    const std::uint64_t length = run_length(id, read_header(bytes));
    if (length == 1) return bytes;
    bytes.resize(static_cast<std::size_t>(length * meta_.page_size_bytes));
    count += source_.read_at(offset + count, base::MutableBytes(bytes).subspan(count));
  }
  if (count < bytes.size()) {
    throw Error(Code::kCorrupt, cat("page ", id, ": the file ends within it"));
  }
  return bytes;
}

Page Database::Leaf::page() const {
  try {
    return Page::parse(bytes, id);
  } catch (const Error& error) {
    throw error.with_context(id == 0 ? "an inline bucket" : cat("page ", id));
  }
}

Database::Leaf Database::find_leaf(const Bucket& bucket, std::optional<Bytes> key) {
  if (bucket.root == 0) return {bucket.inline_page, 0};
  PageId id = bucket.root;
  for (std::size_t depth = 0; depth < kDepthMax; ++depth) {
    Leaf leaf{read_run(id), id};
    const Page page = leaf.page();
    if (page.is_leaf()) return leaf;
    std::size_t index = page.count() - 1;
    while (key && index > 0 && compare_keys(page.key(index), *key) > 0) --index;
    id = page.child(index);
  }
  throw Error(Code::kCorrupt, cat("page ", id, ": the tree is deeper than ", kDepthMax));
}

std::optional<Item> Database::find(const Bucket& bucket, Bytes key, bool* is_bucket) {
  const Leaf leaf = find_leaf(bucket, key);
  const Page page = leaf.page();
  if (!page.is_leaf()) throw Error(Code::kCorrupt, "an inline bucket that is no leaf");
  for (std::size_t i = 0; i < page.count(); ++i) {
    if (!std::ranges::equal(page.key(i), key)) continue;
    const Bytes value = page.value(i);
    *is_bucket = page.is_bucket(i);
    return Item{Buffer(key.begin(), key.end()), Buffer(value.begin(), value.end())};
  }
  return std::nullopt;
}

std::optional<Bucket> Database::bucket(Bytes name) {
  bool is_bucket = false;
  const auto item = find(Bucket{meta_.root, {}}, name, &is_bucket);
  if (!item || !is_bucket) return std::nullopt;
  return Bucket::parse(item->value);
}

std::optional<Buffer> Database::get(Bytes bucket_name, Bytes key) {
  const auto found = bucket(bucket_name);
  if (!found) return std::nullopt;
  bool is_bucket = false;
  auto item = find(*found, key, &is_bucket);
  if (!item || is_bucket) return std::nullopt;
  return std::move(item->value);
}

std::optional<Item> Database::last(Bytes bucket_name) {
  const auto found = bucket(bucket_name);
  if (!found) return std::nullopt;
  const Leaf leaf = find_leaf(*found, std::nullopt);
  const Page page = leaf.page();
  if (!page.is_leaf()) throw Error(Code::kCorrupt, "an inline bucket that is no leaf");
  if (page.count() == 0) return std::nullopt;
  const Bytes key = page.key(page.count() - 1);
  const Bytes value = page.value(page.count() - 1);
  return Item{Buffer(key.begin(), key.end()), Buffer(value.begin(), value.end())};
}

}  // namespace lifeboat::bbolt
