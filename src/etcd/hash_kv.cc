#include "etcd/hash_kv.h"

namespace lifeboat::etcd {

void HashKvAccumulator::add(const RevisionKey& key, bool newest, std::uint32_t crc,
                            std::uint64_t size_bytes) {
  const bool live = newest && !key.tombstone;
  const bool compacted = key.revision.main <= compact_revision_;
  if (live || !compacted) kept_.prepend(crc, size_bytes);
  // From the first live key on the other sum no longer matters.
  any_live_ = any_live_ || live;
  const bool skipped_tombstone = key.tombstone && key.revision.main == compact_revision_;
  if (!any_live_ && !skipped_tombstone) all_.prepend(crc, size_bytes);
}

std::uint32_t HashKvAccumulator::hash() const {
  static constexpr std::string_view kBucketName = "key";
  base::ReverseCrc32c whole = any_live_ ? kept_ : all_;
  whole.prepend(base::crc32c(0, base::as_bytes(kBucketName)), kBucketName.size());
  return whole.value();
}

}  // namespace lifeboat::etcd
