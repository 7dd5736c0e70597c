#include "bbolt/builder.h"

#include <bit>
#include <cstddef>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::bbolt {
namespace {

using base::Buffer;
using base::Bytes;
using base::cat;

const BuilderOptions& checked(const BuilderOptions& options) {
  const std::uint32_t page_size = options.page_size_bytes;
  std::string problem;
  if (page_size < kPageSizeMin || page_size > kPageSizeMax || !std::has_single_bit(page_size)) {
    problem = cat("a page size of ", page_size);
  } else if (options.txid == 0) {
    problem = "transaction 0, before which there is none";
  } else if (options.fill_percent < 10 || options.fill_percent > 100) {
    problem = cat("pages that are ", options.fill_percent, " % full");
  } else {
    return options;
  }
  throw base::Error(base::Code::kInvalid, cat("cannot build a database with ", problem));
}

}  // namespace

Builder::Builder(base::RandomSink& target, const BuilderOptions& options)
    : target_(target),
      options_(checked(options)),
      writer_(target, options.page_size_bytes),
      buckets_(writer_, "the tree of buckets", options.fill_percent) {}

void Builder::begin_bucket(Bytes name, std::uint64_t sequence) {
  end_bucket();
  buckets_.check_next(name, 0);
  const std::string title = cat("bucket ", base::printable(base::as_text(name), 60));
  open_.emplace(OpenBucket{Buffer(name.begin(), name.end()), sequence,
                           TreeBuilder(writer_, title, options_.fill_percent)});
}

void Builder::put(Bytes key, Bytes value) {
  LIFEBOAT_CHECK(open_.has_value());
  open_->tree.put(key, value, 0);
}

void Builder::end_bucket() {
  if (!open_) return;
  const auto inline_page = open_->tree.inline_page();
  const BucketHeader header{inline_page ? 0 : open_->tree.finish(), open_->sequence};
  Buffer value(sizeof(header));
  std::memcpy(value.data(), &header, sizeof(header));
  if (inline_page) value.insert(value.end(), inline_page->begin(), inline_page->end());
  buckets_.put(open_->name, value, kBucketFlag);
  open_.reset();
}

std::uint64_t Builder::finish() {
  end_bucket();
  const PageId root = buckets_.finish();
  writer_.flush();
  write_meta_pages(root);
  return writer_.next() * options_.page_size_bytes;
}

// bbolt commits transaction t into page t mod 2, so the other page holds the one before.
void Builder::write_meta_pages(PageId root) {
  Buffer pages(std::size_t{options_.page_size_bytes} * kMetaPageCount, 0);
  for (PageId id = 0; id < kMetaPageCount; ++id) {
    const PageHeader header{id, kMetaPage, std::uint16_t{0}, std::uint32_t{0}};
    MetaBody meta;
    meta.magic = kMagic;
    meta.version = kVersion;
    meta.page_size = options_.page_size_bytes;
    meta.root = root;
    meta.freelist = kNoFreelist;
    meta.high_water_mark = writer_.next();
    meta.txid = options_.txid % kMetaPageCount == id ? options_.txid : options_.txid - 1;
    meta.checksum = meta_checksum(meta);
    std::uint8_t* page = pages.data() + id * options_.page_size_bytes;
    std::memcpy(page, &header, sizeof(header));
    std::memcpy(page + sizeof(header), &meta, sizeof(meta));
  }
  target_.overwrite(0, pages);
}

}  // namespace lifeboat::bbolt
