#include "etcd/restore_transform.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/integers.h"
#include "base/json.h"
#include "base/text.h"
#include "etcd/key_value.h"
#include "etcd/schema.h"
#include "etcd/wire.h"

namespace lifeboat::etcd {
namespace {

using base::as_bytes;
using base::as_text;
using base::Bytes;
using base::cat;
using base::Code;
using base::Error;

// Since when `meta` says the term and who votes.
constexpr EtcdVersion kFirstWithTerm{3, 5};

std::string to_word(std::uint64_t value) {
  const base::be64 word = value;
  return {reinterpret_cast<const char*>(&word), sizeof(word)};
}

std::string to_revision(std::int64_t main) {
  return std::string(as_text(encode_revision_key({{main, 0}, false})));
}

std::string conf_state_json(const ConfState& state) {
  std::vector<std::string> voters;
  for (const std::uint64_t id : state.voters) voters.push_back(std::to_string(id));
  return cat("{\"voters\":[", base::join(voters, ","), "],\"auto_leave\":false}");
}

// Of these the old cluster's entries are left out. Its alarms would go on: NOSPACE refuses all
// writes until somebody disarms it, although the restored file may be small.
bool is_replaced(std::string_view bucket) {
  return bucket == kAlarmBucket || bucket == kMembersBucket || bucket == kMembersRemovedBucket;
}

// 1 NOSPACE, 2 CORRUPT; 0 for what can't be told. Alarms are keys without a value (AlarmMember).
std::uint64_t alarm_type(Bytes key) {
  std::uint64_t type = 0;
  try {
    WireReader reader(key);
    while (const auto field = reader.next()) {
      if (field->number == 2) type = varint_of(*field);
    }
  } catch (const Error&) {
    return 0;
  }
  return type;
}

bool is_downgrading(Bytes value) {
  try {
    const base::Json info = base::Json::parse(as_text(value));
    const base::Json* enabled = info.find("enabled");
    return enabled != nullptr && enabled->as_bool().value_or(false);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::int64_t RevisionBump::new_revision() const {
  if (amount <= 0) {
    throw Error(Code::kInvalid, cat("a revision can't be bumped by ", amount),
                "give a positive amount, such as 1000000000, or 0 for no bump at all");
  }
  if (amount >= kRevisionLimit - latest_revision) {
    throw Error(Code::kInvalid,
                cat("revision ", latest_revision, " bumped by ", amount,
                    " is more than a revision should ever be: ", kRevisionLimit),
                "give a smaller amount, such as 1000000000");
  }
  return latest_revision + amount;
}

RestoreTransform::RestoreTransform(const RestoreTransformOptions& options, ItemSink& sink)
    : options_(options),
      new_revision_(options.bump ? std::optional(options.bump->new_revision()) : std::nullopt),
      sink_(sink) {}

void RestoreTransform::begin_bucket(Bytes name) {
  const std::string_view text = as_text(name);
  if (bucket_ && text <= *bucket_) {
    throw Error(Code::kCorrupt, cat("bucket ", base::printable(text, 60), " comes after bucket ",
                                    base::printable(*bucket_, 60)));
  }
  close_bucket();
  add_missing_buckets(text);
  open_bucket(text);
}

void RestoreTransform::put(Bytes key, Bytes value) {
  LIFEBOAT_CHECK(bucket_.has_value());
  if (is_replaced(*bucket_)) {
    if (*bucket_ == kAlarmBucket) look_at_left_out(key);
    return;
  }
  const std::string_view name = as_text(key);
  if (*bucket_ == kKeyBucket && next_own_ < own_.size() && name >= own_[next_own_].first) {
    throw Error(Code::kCorrupt, cat("there is a record beyond revision ", *new_revision_,
                                    ", which was to become the newest one"));
  }
  if (options_.turn_auth_off && *bucket_ == kAuthBucket && name == kAuthEnabled) {
    auth_was_on_ = as_text(value) == "\x01";
    return;
  }
  if (*bucket_ == kClusterBucket && name == "downgrade") downgrading_ = is_downgrading(value);
  put_own_items(name);
  if (next_own_ < own_.size() && own_[next_own_].first == name) return;  // ours comes instead
  sink_.put(key, value);
}

void RestoreTransform::finish() {
  close_bucket();
  add_missing_buckets(std::nullopt);
}

void RestoreTransform::open_bucket(std::string_view name) {
  if (known_bucket_ < kKnownBuckets.size() && kKnownBuckets[known_bucket_] == name) ++known_bucket_;
  sink_.begin_bucket(as_bytes(name));
  bucket_ = name;
  own_ = own_items(name);
  next_own_ = 0;
}

void RestoreTransform::close_bucket() { put_own_items(std::nullopt); }

// Those that have their place before that one; all that are left for nullopt.
void RestoreTransform::add_missing_buckets(std::optional<std::string_view> before) {
  while (known_bucket_ < kKnownBuckets.size() &&
         (!before || kKnownBuckets[known_bucket_] < *before)) {
    open_bucket(kKnownBuckets[known_bucket_]);
    close_bucket();
  }
}

// Those whose keys come before that one; all that are left for nullopt.
void RestoreTransform::put_own_items(std::optional<std::string_view> before) {
  for (; next_own_ < own_.size() && (!before || own_[next_own_].first < *before); ++next_own_) {
    sink_.put(as_bytes(own_[next_own_].first), as_bytes(own_[next_own_].second));
  }
}

void RestoreTransform::look_at_left_out(Bytes key) {
  const std::uint64_t type = alarm_type(key);
  ++(type == 1 ? alarms_.no_space : type == 2 ? alarms_.corrupt : alarms_.other);
}

RestoreTransform::Items RestoreTransform::own_items(std::string_view bucket) const {
  Items items;
  if (bucket == kMembersBucket) {
    for (const RestoredMember& member : options_.cluster.members) {
      items.emplace_back(base::to_hex_id(member.id), member_json(member));
    }
  } else if (bucket == kKeyBucket && new_revision_) {
    // The record of no key: it is there for the number under which it stands.
    items.emplace_back(to_revision(*new_revision_), "");
  } else if (bucket == kMetaBucket) {
    const RestoredCluster& cluster = options_.cluster;
    items.emplace_back(kMetaConsistentIndex, to_word(cluster.last_index()));
    if (options_.target >= kFirstWithTerm) {
      items.emplace_back(kMetaTerm, to_word(RestoredCluster::kTerm));
      items.emplace_back(kMetaConfState, conf_state_json(cluster.conf_state()));
    }
    if (new_revision_) items.emplace_back(kMetaScheduledCompaction, to_revision(*new_revision_));
  }
  // Ids of fewer digits come elsewhere as texts than as numbers.
  std::ranges::sort(items);
  return items;
}

std::vector<std::string> RestoreTransform::notes() const {
  std::vector<std::string> notes;
  if (const auto count = alarms_.no_space + alarms_.corrupt + alarms_.other; count > 0) {
    notes.push_back(cat(base::count_of(count, "alarm"), " of the old cluster left out (NOSPACE ",
                        alarms_.no_space, ", CORRUPT ", alarms_.corrupt, ", other ", alarms_.other,
                        ")"));
  }
  if (downgrading_) {
    notes.emplace_back(
        "the old cluster was being downgraded, and the restored one goes on with it; "
        "`etcdctl downgrade cancel` ends that");
  }
  if (auth_was_on_) {
    notes.emplace_back(
        "etcd asks for a user and a password in this cluster; users and roles were restored, and "
        "the question was turned off in this copy");
  }
  return notes;
}

}  // namespace lifeboat::etcd
