// Some keys of a snapshot, spread over all that are live in it, to be compared with what an etcd
// says that was started on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/io.h"
#include "etcd/key_value.h"
#include "etcd/key_value_endpoint.h"

namespace lifeboat::backup {

struct SampleOptions {
  std::size_t keys = 100;  // at most; all of them where there are no more
  std::uint64_t seed = 0;  // another seed chooses other keys
};

// One live key, by its newest record: values may be large, so they are read when they are wanted.
struct SampledKey {
  std::string key;
  etcd::Revision revision;
};

// Reads the whole of `source`, an image of a bbolt file, once. Ascending by key. Throws kCorrupt,
// kCancelled, and what the source throws.
std::vector<SampledKey> sample_keys(base::RandomSource& source, const SampleOptions& options,
                                    std::stop_token stop);

// What the record says, as etcd would answer it. Throws kCorrupt if it is not there.
etcd::StoredKey read_sampled(base::RandomSource& source, const SampledKey& sampled);

}  // namespace lifeboat::backup
