// The keys with the smallest hashes are the sample: each key has the same chance, whatever the
// number of its records, and one pass with a bounded memory finds them. Records come in the order
// of revisions, so the last one seen of a key is its newest. A key that is deleted gives its place
// up, and comes in again with its next record like any other; so that such places do not stay
// empty, more are kept than are wanted.
#include "backup/sample.h"

#include <algorithm>
#include <functional>
#include <map>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "bbolt/checker.h"
#include "bbolt/database.h"
#include "etcd/schema.h"

namespace lifeboat::backup {
namespace {

using base::as_bytes;
using base::as_text;
using base::Bytes;
using base::cat;
using base::Code;
using base::Error;

constexpr std::size_t kSpare = 4;

// Mixes the seed into the hash of the text (the finalizer of MurmurHash3).
std::uint64_t hash_of(std::string_view key, std::uint64_t seed) {
  std::uint64_t hash = std::hash<std::string_view>()(key) ^ seed;
  hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDULL;
  hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53ULL;
  return hash ^ (hash >> 33);
}

class Sampler : public bbolt::Visitor {
 public:
  explicit Sampler(const SampleOptions& options) : options_(options) {}

  void bucket(Bytes name) override { in_keys_ = as_text(name) == etcd::kKeyBucket; }

  void item(Bytes key, Bytes value) override {
    if (!in_keys_) return;
    const etcd::RevisionKey revision = etcd::decode_revision_key(key);
    const std::string_view name = as_text(etcd::decode_key_value(value).key);
    // The record of no key that a bumped restore leaves.
    if (!name.empty()) add(name, revision);
  }

  void problem(const bbolt::Problem& problem) override {
    throw Error(Code::kCorrupt,
                cat("the snapshot is damaged: ", problem.where, ": ", problem.message));
  }

  std::vector<SampledKey> take() {
    std::vector<SampledKey> keys;
    for (auto& [hash, sampled] : chosen_) {
      if (keys.size() < options_.keys) keys.push_back(std::move(sampled));
    }
    std::ranges::sort(keys, {}, &SampledKey::key);
    return keys;
  }

 private:
  void add(std::string_view name, const etcd::RevisionKey& revision) {
    const std::uint64_t hash = hash_of(name, options_.seed);
    const bool full = chosen_.size() >= kSpare * options_.keys;
    if (full && hash > chosen_.rbegin()->first) return;
    if (revision.tombstone) {
      chosen_.erase(hash);
      return;
    }
    chosen_[hash] = {std::string(name), revision.revision};
    if (chosen_.size() > kSpare * options_.keys) chosen_.erase(std::prev(chosen_.end()));
  }

  const SampleOptions options_;
  bool in_keys_ = false;
  // Two keys with one hash would take each other's place: one of them is then in the sample.
  std::map<std::uint64_t, SampledKey> chosen_;
};

}  // namespace

std::vector<SampledKey> sample_keys(base::RandomSource& source, const SampleOptions& options,
                                    std::stop_token stop) {
  LIFEBOAT_CHECK(options.keys > 0);
  bbolt::Database database(source);
  Sampler sampler(options);
  bbolt::check_database(database, bbolt::Direction::kForward, sampler, stop);
  base::throw_if_stopped(stop);
  return sampler.take();
}

etcd::StoredKey read_sampled(base::RandomSource& source, const SampledKey& sampled) {
  bbolt::Database database(source);
  const base::Buffer key = etcd::encode_revision_key({sampled.revision, false});
  const auto value = database.get(as_bytes(etcd::kKeyBucket), key);
  if (!value) {
    throw Error(Code::kCorrupt,
                cat("the record of revision ", sampled.revision.text(), " is not there any more"));
  }
  const etcd::KeyValue record = etcd::decode_key_value(*value);
  return {.value = std::string(as_text(record.value)),
          .create_revision = record.create_revision,
          .mod_revision = record.mod_revision,
          .version = record.version,
          .lease = record.lease};
}

}  // namespace lifeboat::backup
