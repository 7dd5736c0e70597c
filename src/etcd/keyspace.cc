// A key's chain of records is checked backwards: each record leaves a word that says what the
// record before it must be. The word holds a state, a flag and 61 bits of a digest of the create
// revision and version that a predecessor must have.
#include "etcd/keyspace.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::etcd {
namespace {

using base::Bytes;
using base::cat;

constexpr std::size_t kSuspectsMax = 1000;
constexpr std::size_t kPrefixesMax = 64;

// What the record before this one must be.
enum class Before : std::uint64_t {
  kTombstone = 1,  // this one is a first version
  kPut = 2,        // this one is a tombstone
  kSame = 3,       // this one is a later version: a put with the digest's create revision, version
};

constexpr unsigned kStateBits = 2;
// There must be a record before this one: it lies above the compaction and is no beginning.
constexpr std::uint64_t kRequired = std::uint64_t{1} << kStateBits;
constexpr unsigned kDigestShift = kStateBits + 1;

std::uint64_t digest(std::int64_t create_revision, std::int64_t version) {
  std::uint64_t hash = static_cast<std::uint64_t>(create_revision) * 0x9E3779B97F4A7C15;
  hash ^= (hash >> 29) ^ (static_cast<std::uint64_t>(version) * 0xC2B2AE3D27D4EB4F);
  hash *= 0x165667B19E3779F9;
  return (hash ^ (hash >> 32)) << kDigestShift;
}

std::uint64_t word_for(const RevisionKey& key, const KeyValue& record, bool above_compaction) {
  const bool begins = !key.tombstone && record.version <= 1;
  const std::uint64_t required = above_compaction && !begins ? kRequired : 0;
  if (key.tombstone) return static_cast<std::uint64_t>(Before::kPut) | required;
  if (begins) return static_cast<std::uint64_t>(Before::kTombstone);
  return static_cast<std::uint64_t>(Before::kSame) | required |
         digest(record.create_revision, record.version - 1);
}

// Whether `record` may stand before the one that left `word`.
bool fits(std::uint64_t word, const RevisionKey& key, const KeyValue& record) {
  switch (static_cast<Before>(word & ((1U << kStateBits) - 1))) {
    case Before::kTombstone:
      return key.tombstone;
    case Before::kPut:
      return !key.tombstone;
    case Before::kSame:
      return !key.tombstone && (word >> kDigestShift) << kDigestShift ==
                                   digest(record.create_revision, record.version);
  }
  return false;
}

// What the API server stores begins in one of three ways: its protobuf envelope, an envelope of
// encryption at rest, or JSON (custom resources).
bool is_kubernetes_value(Bytes value) {
  const std::string_view text = base::as_text(value);
  return text.starts_with(std::string_view("k8s\0", 4)) || text.starts_with("k8s:enc:") ||
         (text.starts_with("{\"") && text.substr(0, 512).find("\"apiVersion\"") != text.npos);
}

// "/registry/pods/default/x" stands under "/registry/".
std::string first_part(Bytes key) {
  const std::string_view text = base::as_text(key);
  const std::size_t end = text.find('/', text.starts_with('/') ? 1 : 0);
  return std::string(text.substr(0, end == text.npos ? 0 : end + 1));
}

}  // namespace

KeyspaceScan::KeyspaceScan(const KeyspaceBounds& bounds,
                           const std::vector<std::int64_t>& further_compact_revisions,
                           Findings& findings)
    : bounds_(bounds), findings_(findings) {
  hashes_.emplace_back(bounds.compact_revision);
  for (const std::int64_t revision : further_compact_revisions) {
    LIFEBOAT_CHECK(revision >= bounds.compact_revision);
    hashes_.emplace_back(revision);
  }
}

void KeyspaceScan::add(Bytes key, Bytes value) {
  ++records_;
  RevisionKey revision_key;
  KeyValue record;
  try {
    revision_key = decode_revision_key(key);
  } catch (const base::Error& error) {
    findings_.add({"records", "bucket key", error.what()});
    return;
  }
  try {
    record = decode_key_value(value);
  } catch (const base::Error& error) {
    add_finding(revision_key.revision, error.what());
    return;
  }
  check_order(revision_key.revision);
  check_self(revision_key, record);

  const Fingerprint fingerprint = table_.fingerprint(record.key);
  const KeyTable::Slot slot = table_.find_or_add(fingerprint);
  // Key and value lie next to each other in the page, as bbolt writes them; never rely on it.
  const std::uint32_t crc = value.data() == key.data() + key.size()
                                ? base::crc32c(0, {key.data(), key.size() + value.size()})
                                : base::crc32c(base::crc32c(0, key), value);
  for (HashKvAccumulator& hash : hashes_) {
    hash.add(revision_key, slot.fresh, crc, key.size() + value.size());
  }
  if (slot.fresh && !revision_key.tombstone) count_live(record);
  check_chain(revision_key, record, fingerprint, slot);
}

// Above the compaction every write transaction left its changes, numbered from 0.
void KeyspaceScan::check_order(const Revision& revision) {
  const bool above = revision.main > bounds_.compact_revision;
  if (!following_) {
    if (above && bounds_.revision != 0 && revision.main != bounds_.revision) {
      add_finding(revision, "is not the last revision that the store says it has");
    }
  } else if (!(revision < *following_)) {
    add_finding(revision, cat("does not stand below ", following_->text()));
  } else if (above && revision.main == following_->main && revision.sub + 1 != following_->sub) {
    add_finding(revision, cat("is followed by ", following_->text(), ": changes are missing"));
  } else if (above && revision.main < following_->main) {
    if (following_->sub != 0) add_finding(*following_, "is the first change of its revision");
    if (revision.main + 1 != following_->main) {
      add_finding(revision, cat("is followed by ", following_->text(), ": revisions are missing"));
    }
  }
  following_ = revision;
  newest_ = std::max(newest_, revision.main);
}

// What a restore with a revision bump leaves, a record of nothing: at the revision up to which it
// has a compaction scheduled (etcdutl, v3_snapshot.go, modifyLatestRevision).
bool KeyspaceScan::is_bump_mark(const Revision& revision, const KeyValue& record) const {
  return record.key.empty() && record.mod_revision == 0 && record.value.empty() &&
         revision.sub == 0 && revision.main <= bounds_.compact_revision;
}

void KeyspaceScan::check_self(const RevisionKey& key, const KeyValue& record) {
  if (key.tombstone) {
    if (record.create_revision != 0 || record.mod_revision != 0 || record.version != 0 ||
        !record.value.empty() || record.lease != 0) {
      add_finding(key.revision, "is a tombstone with more than a key");
    }
    return;
  }
  if (is_bump_mark(key.revision, record)) return;
  if (record.key.empty()) add_finding(key.revision, "has no key");
  if (record.mod_revision != key.revision.main) {
    add_finding(key.revision, cat("says of itself that its revision is ", record.mod_revision));
  }
  if (record.version < 1) add_finding(key.revision, cat("has version ", record.version));
  const bool first = record.version == 1;
  if (record.create_revision < 1 || record.create_revision > record.mod_revision ||
      first != (record.create_revision == record.mod_revision)) {
    add_finding(key.revision, cat("has version ", record.version, " and create revision ",
                                  record.create_revision));
  }
}

void KeyspaceScan::check_chain(const RevisionKey& key, const KeyValue& record,
                               Fingerprint fingerprint, KeyTable::Slot slot) {
  if (!slot.fresh && !fits(*slot.word, key, record)) suspect(fingerprint);
  *slot.word = word_for(key, record, key.revision.main > bounds_.compact_revision);
}

void KeyspaceScan::count_live(const KeyValue& record) {
  // No request can name the empty key of a revision bump.
  if (record.key.empty()) return;
  ++keys_;
  if (!is_kubernetes_value(record.value)) return;
  ++kubernetes_.objects;
  auto& prefixes = kubernetes_.objects_by_prefix;
  std::string prefix = first_part(record.key);
  if (prefixes.size() == kPrefixesMax && !prefixes.contains(prefix)) prefix = "...";
  ++prefixes[std::move(prefix)];
}

void KeyspaceScan::finish() {
  if (following_ && following_->main > bounds_.compact_revision) {
    if (following_->sub != 0) add_finding(*following_, "is the first change of its revision");
    // The first write to an empty store is revision 2.
    const std::int64_t first = std::max<std::int64_t>(bounds_.compact_revision + 1, 2);
    if (following_->main != first) {
      add_finding(*following_, cat("is the first revision, where ", first, " should be"));
    }
  }
  table_.for_each([this](Fingerprint fingerprint, std::uint64_t word) {
    if ((word & kRequired) != 0) suspect(fingerprint);
  });
}

std::int64_t KeyspaceScan::revision() const {
  return bounds_.revision != 0 ? bounds_.revision : std::max(newest_, bounds_.compact_revision);
}

std::optional<HashKv> KeyspaceScan::hash_kv(std::int64_t compact_revision) const {
  for (const HashKvAccumulator& hash : hashes_) {
    if (hash.compact_revision() != compact_revision) continue;
    return HashKv{revision(), compact_revision, hash.hash()};
  }
  return std::nullopt;
}

void KeyspaceScan::add_finding(const Revision& revision, const std::string& message) {
  findings_.add({"records", "revision " + revision.text(), message});
}

void KeyspaceScan::suspect(Fingerprint fingerprint) {
  if (suspects_.size() < kSuspectsMax) suspects_.push_back(fingerprint);
}

ChainConfirmation::ChainConfirmation(const KeyspaceBounds& bounds, const KeyspaceScan& scan,
                                     Findings& findings)
    : bounds_(bounds),
      table_(scan.table()),
      findings_(findings),
      suspects_(scan.suspects().begin(), scan.suspects().end()) {}

void ChainConfirmation::add(Bytes key, Bytes value) {
  RevisionKey revision_key;
  KeyValue record;
  try {
    revision_key = decode_revision_key(key);
    record = decode_key_value(value);
  } catch (const base::Error&) {
    return;  // The first pass has reported it.
  }
  if (!suspects_.contains(table_.fingerprint(record.key))) return;
  const auto [link, fresh] = links_.try_emplace(std::string(base::as_text(record.key)));
  if (!fresh && !fits(link->second.word, revision_key, record)) {
    findings_.add({"records", "revision " + revision_key.revision.text(),
                   cat("key ", base::printable(link->first), ": the record at ",
                       link->second.revision.text(), " does not follow from this one")});
  }
  const bool above = revision_key.revision.main > bounds_.compact_revision;
  link->second = {revision_key.revision, word_for(revision_key, record, above)};
}

void ChainConfirmation::finish() {
  for (const auto& [key, link] : links_) {
    if ((link.word & kRequired) == 0) continue;
    findings_.add({"records", "revision " + link.revision.text(),
                   cat("key ", base::printable(key), ": the records before this one are missing")});
  }
}

}  // namespace lifeboat::etcd
