// The bytes of a bbolt file, version 2. Paper: docs/formats/bbolt.md.
//
// Structs to be laid over the bytes; nothing here checks anything.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/integers.h"

namespace lifeboat::bbolt {

using PageId = std::uint64_t;

inline constexpr std::uint32_t kMagic = 0xED0CDAED;
inline constexpr std::uint32_t kVersion = 2;
// As the meta page's `freelist`: the free pages are those that nothing reaches.
inline constexpr PageId kNoFreelist = 0xFFFFFFFFFFFFFFFF;
// As the freelist page's `count`: the true one is the first word of its body.
inline constexpr std::uint16_t kCountInBody = 0xFFFF;

inline constexpr std::uint32_t kPageSizeMin = 1024;
inline constexpr std::uint32_t kPageSizeMax = 65536;
inline constexpr std::uint32_t kKeySizeMax = 32768;
inline constexpr std::uint32_t kValueSizeMax = 0x7FFFFFFE;
inline constexpr std::uint64_t kMetaPageCount = 2;

enum PageFlags : std::uint16_t {
  kBranchPage = 0x01,
  kLeafPage = 0x02,
  kMetaPage = 0x04,
  kFreelistPage = 0x10,
};

struct PageHeader {
  base::le64 id;
  base::le16 flags;
  base::le16 count;     // elements
  base::le32 overflow;  // further pages that belong to this one, without headers of their own
};

struct MetaBody {
  base::le32 magic;
  base::le32 version;
  base::le32 page_size;
  base::le32 flags;
  base::le64 root;
  base::le64 root_sequence;
  base::le64 freelist;
  base::le64 high_water_mark;  // every page in use has a lower id
  base::le64 txid;
  base::le64 checksum;  // FNV-1a of the fields before it
};

// `position` counts from the start of the element itself.
struct BranchElement {
  base::le32 position;
  base::le32 key_size;
  base::le64 child;
};

struct LeafElement {
  base::le32 flags;
  base::le32 position;
  base::le32 key_size;
  base::le32 value_size;
};

inline constexpr std::uint32_t kBucketFlag = 0x01;  // of a leaf element: its value is a bucket

// The value of a bucket element. With root 0, a whole leaf page follows: an inline bucket.
struct BucketHeader {
  base::le64 root;
  base::le64 sequence;
};

static_assert(sizeof(PageHeader) == 16 && sizeof(MetaBody) == 64);
static_assert(sizeof(BranchElement) == 16 && sizeof(LeafElement) == 16);
static_assert(sizeof(BucketHeader) == 16);

// FNV-1a, 64 bits.
constexpr std::uint64_t fnv1a(base::Bytes bytes) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001B3;
  return hash;
}

// What the checksum of an intact meta page is.
inline std::uint64_t meta_checksum(const MetaBody& meta) {
  return fnv1a({reinterpret_cast<const std::uint8_t*>(&meta), offsetof(MetaBody, checksum)});
}

}  // namespace lifeboat::bbolt
