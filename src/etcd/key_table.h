// Remembers keys that were seen, and a word for each, in about 20 to 28 bytes a key.
//
// Keys are known by a 64-bit fingerprint under a secret of the process. Two keys of a million may
// share one with probability 3 in 10^8; whoever acts on a finding confirms it with the keys
// themselves.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"

namespace lifeboat::etcd {

using Fingerprint = std::uint64_t;

class KeyTable {
 public:
  KeyTable();

  Fingerprint fingerprint(base::Bytes key) const;

  struct Slot {
    std::uint64_t* word;  // valid until the next call
    bool fresh;           // the key was not there before; the word is 0
  };
  Slot find_or_add(Fingerprint fingerprint);

  std::uint64_t size() const { return size_; }

  void for_each(const std::function<void(Fingerprint, std::uint64_t)>& visit) const;

 private:
  struct Entry {
    Fingerprint fingerprint = 0;  // 0: free
    std::uint64_t word = 0;
  };
  // Each shard grows on its own, so that growing never holds two whole tables.
  struct Shard {
    std::vector<Entry> entries;
    std::size_t used = 0;
  };

  static Entry& probe(std::vector<Entry>& entries, Fingerprint fingerprint);
  static void grow(Shard& shard);

  std::uint64_t secret_;
  std::uint64_t size_ = 0;
  std::array<Shard, 256> shards_;
};

}  // namespace lifeboat::etcd
