// Open addressing with linear probing in 256 shards by the fingerprint's top byte. A shard grows by
// a quarter at 85 % load, so that on average three quarters of its slots are in use.
#include "etcd/key_table.h"

#include <cstring>

#include "base/random.h"

namespace lifeboat::etcd {
namespace {

constexpr std::size_t kFirstCapacity = 16;
constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;

// Folds the 128-bit product, so that every bit of both factors reaches every bit of the result.
std::uint64_t mix(std::uint64_t left, std::uint64_t right) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(left) * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load_word(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, count);
  return word;
}

bool is_full(std::size_t used, std::size_t capacity) { return used * 20 >= capacity * 17; }

}  // namespace

KeyTable::KeyTable() : secret_(base::random_number()) {}

Fingerprint KeyTable::fingerprint(base::Bytes key) const {
  std::uint64_t hash = mix(secret_ ^ key.size(), kMultiplier);
  std::size_t offset = 0;
  for (; offset + 8 <= key.size(); offset += 8) {
    hash = mix(hash ^ load_word(key.data() + offset, 8), kMultiplier ^ secret_);
  }
  if (offset < key.size()) {
    hash = mix(hash ^ load_word(key.data() + offset, key.size() - offset), kMultiplier ^ secret_);
  }
  hash = mix(hash, kMultiplier);
  return hash == 0 ? 1 : hash;
}

KeyTable::Entry& KeyTable::probe(std::vector<Entry>& entries, Fingerprint fingerprint) {
  // The top byte chose the shard; the rest spreads evenly over any capacity.
  const std::uint64_t position = fingerprint << 8;
  __extension__ using Wide = unsigned __int128;
  auto index = static_cast<std::size_t>((static_cast<Wide>(position) * entries.size()) >> 64);
  while (entries[index].fingerprint != 0 && entries[index].fingerprint != fingerprint) {
    index = index + 1 == entries.size() ? 0 : index + 1;
  }
  return entries[index];
}

void KeyTable::grow(Shard& shard) {
  const std::size_t capacity = shard.entries.size();
  std::vector<Entry> larger(capacity == 0 ? kFirstCapacity : capacity + capacity / 4);
  for (const Entry& entry : shard.entries) {
    if (entry.fingerprint != 0) probe(larger, entry.fingerprint) = entry;
  }
  shard.entries = std::move(larger);
}

KeyTable::Slot KeyTable::find_or_add(Fingerprint fingerprint) {
  Shard& shard = shards_[fingerprint >> 56];
  if (is_full(shard.used + 1, shard.entries.size())) grow(shard);
  Entry& entry = probe(shard.entries, fingerprint);
  const bool fresh = entry.fingerprint == 0;
  if (fresh) {
    entry.fingerprint = fingerprint;
    ++shard.used;
    ++size_;
  }
  return {&entry.word, fresh};
}

void KeyTable::for_each(const std::function<void(Fingerprint, std::uint64_t)>& visit) const {
  for (const Shard& shard : shards_) {
    for (const Entry& entry : shard.entries) {
      if (entry.fingerprint != 0) visit(entry.fingerprint, entry.word);
    }
  }
}

}  // namespace lifeboat::etcd
