#include "etcd/schema.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/integers.h"
#include "base/json.h"
#include "base/text.h"
#include "etcd/etcd_version.h"

namespace lifeboat::etcd {
namespace {

using base::as_bytes;
using base::as_text;
using base::Bytes;
using base::cat;
using base::Code;
using base::Error;

constexpr std::size_t kWordSizeBytes = 8;

Revision decode_compaction(Bytes value) {
  const RevisionKey key = decode_revision_key(value);
  if (key.tombstone) throw Error(Code::kCorrupt, "a compaction revision with a tombstone's mark");
  if (key.revision.sub != 0) throw Error(Code::kCorrupt, "a compaction within a revision");
  return key.revision;
}

std::optional<std::int64_t> read_compaction(bbolt::Database& database, std::string_view name) {
  const auto value = database.get(as_bytes(kMetaBucket), as_bytes(name));
  if (!value) return std::nullopt;
  return decode_compaction(*value).main;
}

bool is_compaction(std::string_view bucket, std::string_view name) {
  return bucket == kMetaBucket &&
         (name == kMetaScheduledCompaction || name == kMetaFinishedCompaction);
}

std::optional<std::int64_t> read_last_revision(bbolt::Database& database) {
  const auto last = database.last(as_bytes(kKeyBucket));
  if (!last) return std::nullopt;
  return decode_revision_key(last->key).revision.main;
}

std::uint64_t read_word(Bytes bytes) {
  base::be64 word;
  std::memcpy(&word, bytes.data(), sizeof(word));
  return word;
}

// Of raft, which counts from 1: etcd never saves a 0.
void check_count(Bytes value) {
  if (value.size() != kWordSizeBytes) {
    throw Error(Code::kCorrupt, cat("has ", value.size(), " bytes instead of 8"));
  }
  const std::uint64_t count = read_word(value);
  if (count == 0) throw Error(Code::kCorrupt, "is 0");
  if (count >= std::uint64_t{kRevisionLimit})
    throw Error(Code::kCorrupt, cat("is ", count, ", beyond reach"));
}

// "3.6.0": three numbers with points between.
bool is_version(std::string_view text) {
  return std::ranges::count(text, '.') == 2 && !text.empty() && text.front() != '.' &&
         text.back() != '.' && text.find("..") == text.npos &&
         text.find_first_not_of("0123456789.") == text.npos;
}

// What raft says of the cluster: {"voters":[1,2,3],"auto_leave":false}.
void check_conf_state(Bytes value) {
  const base::Json state = base::Json::parse(as_text(value));
  const base::Json* voters = state.find("voters");
  const auto* ids = voters == nullptr ? nullptr : voters->as_array();
  if (ids == nullptr || ids->empty()) throw Error(Code::kCorrupt, "no voters");
}

// etcd 3.6 is the first that writes one.
void check_storage_version(const std::string& text) {
  if (!is_version(text)) throw Error(Code::kCorrupt, "no version number");
  if (parse_etcd_version(text) < EtcdVersion{3, 6}) {
    throw Error(Code::kCorrupt, cat("etcd ", text, " writes none"));
  }
}

}  // namespace

bool is_known_bucket(std::string_view name) { return std::ranges::count(kKnownBuckets, name) > 0; }

KeyspaceBounds read_bounds(bbolt::Database& database) {
  const ReadableBounds read = read_readable_bounds(database);
  if (read.damage) throw Error(*read.damage);
  return read.bounds;
}

ReadableBounds read_readable_bounds(bbolt::Database& database) {
  ReadableBounds result;
  const auto readable = [&](auto read) -> std::optional<std::int64_t> {
    try {
      return read();
    } catch (const Error& error) {
      if (error.code() != Code::kCorrupt) throw;
      if (!result.damage) result.damage = error;
      return std::nullopt;
    }
  };
  KeyspaceBounds& bounds = result.bounds;
  const auto last = readable([&] { return read_last_revision(database); });
  const bool is_hidden = result.damage.has_value();
  bounds.revision = std::max(bounds.revision, last.value_or(0));
  // A compaction that had only begun counts: the server finishes it before it answers anything.
  for (const std::string_view name : {kMetaFinishedCompaction, kMetaScheduledCompaction}) {
    const auto compaction = readable([&] { return read_compaction(database, name); });
    bounds.compact_revision = std::max(bounds.compact_revision, compaction.value_or(-1));
    bounds.revision = std::max(bounds.revision, compaction.value_or(0));
  }
  if (is_hidden) bounds.revision = 0;
  return result;
}

void check_decodes(std::string_view bucket, Bytes key, Bytes value) {
  if (bucket == kKeyBucket) {
    decode_revision_key(key);
    decode_key_value(value);
  } else if (bucket == kLeaseBucket) {
    decode_lease(value);
  } else if (is_compaction(bucket, as_text(key))) {
    decode_compaction(value);
  }
}

void SchemaCheck::add_finding(std::string_view bucket, const std::string& message) {
  findings_.add({"records", cat("bucket ", base::printable(bucket, 60)), message});
}

void SchemaCheck::bucket(std::string_view name) {
  buckets_.emplace(name);
  if (!is_known_bucket(name)) {
    notes_.push_back(cat("bucket ", base::printable(name, 60), " is of no known version of etcd"));
  }
}

void SchemaCheck::entry(std::string_view bucket, Bytes key, Bytes value) {
  try {
    if (bucket == kLeaseBucket) {
      lease_entry(key, value);
    } else if (bucket == kMetaBucket) {
      meta_entry(key, value);
    } else if (bucket == kMembersBucket) {
      member_entry(key, value);
    }
  } catch (const Error& error) {
    add_finding(bucket, cat("entry ", base::printable(as_text(key), 60), ": ", error.what()));
  }
}

void SchemaCheck::lease_entry(Bytes key, Bytes value) {
  if (key.size() != kWordSizeBytes) {
    add_finding(kLeaseBucket, cat("an id of ", key.size(), " bytes"));
    return;
  }
  ++leases_;
  const std::uint64_t id = read_word(key);
  const Lease lease = decode_lease(value);
  if (static_cast<std::uint64_t>(lease.id) != id || lease.ttl_seconds <= 0) {
    add_finding(kLeaseBucket, cat("lease ", base::to_hex_id(id), " says of itself that its id is ",
                                  base::to_hex_id(static_cast<std::uint64_t>(lease.id)),
                                  " and its TTL ", lease.ttl_seconds, " s"));
  }
}

void SchemaCheck::meta_entry(Bytes key, Bytes value) {
  const std::string_view name = as_text(key);
  meta_keys_.emplace(name);
  if (name == kMetaConsistentIndex || name == kMetaTerm) {
    check_count(value);
  } else if (name == kMetaScheduledCompaction) {
    scheduled_compaction_ = decode_compaction(value);
  } else if (name == kMetaFinishedCompaction) {
    finished_compaction_ = decode_compaction(value);
  } else if (name == kMetaConfState) {
    check_conf_state(value);
  } else if (name == kMetaStorageVersion) {
    storage_version_ = base::printable(as_text(value), 20);
    check_storage_version(storage_version_);
    note_newer_version();
  } else {
    notes_.push_back(
        cat("meta entry ", base::printable(name, 60), " is of no known version of etcd"));
  }
}

void SchemaCheck::note_newer_version() {
  if (parse_etcd_version(storage_version_) > kNewestVersion) {
    notes_.push_back(cat("storage version ", storage_version_, " is newer than etcd ",
                         kNewestVersion.text(), ", the newest that this version knows"));
  }
}

// The key is the id in hexadecimal, and the value says the same id in decimal.
void SchemaCheck::member_entry(Bytes key, Bytes value) {
  const base::Json member = base::Json::parse(as_text(value));
  const base::Json* id = member.find("id");
  const auto number = id == nullptr ? std::nullopt : id->as_uint();
  if (!number || base::to_hex_id(*number) != as_text(key)) {
    add_finding(kMembersBucket,
                cat("member ", base::printable(as_text(key), 60), " does not say its own id"));
  }
}

bool SchemaCheck::was_scheduled(const Revision& compaction) const {
  if (scheduled_compaction_) return compaction <= *scheduled_compaction_;
  return meta_keys_.contains(kMetaScheduledCompaction);  // does not decode, and was reported
}

void SchemaCheck::finish(std::uint64_t records) {
  for (const std::string_view name : kKnownBuckets) {
    if (!buckets_.contains(name)) add_finding(name, "is missing");
  }
  // etcd 3.4 writes it with the first write of a key, not before.
  const bool has_meta = buckets_.contains(kMetaBucket);
  if (has_meta && records > 0 && !meta_keys_.contains(kMetaConsistentIndex)) {
    add_finding(kMetaBucket, "consistent_index is missing");
  }
  if (finished_compaction_ && !was_scheduled(*finished_compaction_)) {
    add_finding(kMetaBucket, cat("a compaction to ", finished_compaction_->text(),
                                 " was finished that was never scheduled"));
  }
  // etcd 3.5 writes both at once; a storage version came with 3.6, which keeps them.
  if (!storage_version_.empty() && !meta_keys_.contains(kMetaTerm)) {
    add_finding(kMetaBucket, cat("storage version ", storage_version_, " without a term"));
  }
}

std::string SchemaCheck::storage_version() const {
  if (!storage_version_.empty()) return storage_version_.substr(0, storage_version_.rfind('.'));
  return meta_keys_.contains(kMetaTerm) || meta_keys_.contains(kMetaConfState) ? "3.5" : "3.4";
}

}  // namespace lifeboat::etcd
