#include "etcd/snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace lifeboat::etcd {
namespace {

std::string digest_of(std::string_view text) {
  base::Sha256 hash;
  hash.update(base::as_bytes(text));
  const auto digest = hash.digest();
  return std::string(base::as_text(digest));
}

std::string make_image(std::size_t size_bytes) {
  std::string image(size_bytes, '\0');
  for (std::size_t i = 0; i < size_bytes; ++i) image[i] = static_cast<char>(i * 7 + i / 256);
  return image;
}

std::string make_snapshot(std::size_t image_bytes) {
  const std::string image = make_image(image_bytes);
  return image + digest_of(image);
}

SnapshotHasher hash_in_chunks(std::string_view file, std::size_t chunk_bytes) {
  SnapshotHasher hasher;
  while (!file.empty()) {
    const auto chunk = file.substr(0, chunk_bytes);
    hasher.update(base::as_bytes(chunk));
    file.remove_prefix(chunk.size());
  }
  return hasher;
}

void expect_whole(const SnapshotHasher& hasher, std::string_view file) {
  EXPECT_EQ(hasher.size_bytes(), file.size());
  EXPECT_EQ(base::as_text(hasher.file_digest()), digest_of(file));
  EXPECT_TRUE(hasher.trailer_matches());
}

TEST(SnapshotHasher, FindsTheTrailerWhateverTheChunks) {
  const std::string file = make_snapshot(512);
  for (std::size_t chunk = 1; chunk <= file.size(); ++chunk) {
    SCOPED_TRACE(chunk);
    expect_whole(hash_in_chunks(file, chunk), file);
  }
}

// Where the end of a chunk falls within the trailer is what can go wrong.
TEST(SnapshotHasher, FindsTheTrailerWhereverThreeChunksMeet) {
  const std::string file = make_snapshot(512);
  const base::Bytes bytes = base::as_bytes(file);
  for (std::size_t first = file.size() - 66; first <= file.size(); ++first) {
    for (std::size_t second = first; second <= file.size(); ++second) {
      SnapshotHasher hasher;
      hasher.update(bytes.first(first));
      hasher.update(bytes.subspan(first, second - first));
      hasher.update(bytes.subspan(second));
      expect_whole(hasher, file);
    }
  }
}

TEST(SnapshotHasher, HashesFilesOfAnyLength) {
  const std::string bytes = make_image(1200);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    for (const std::size_t chunk : {1, 31, 32, 33, 64, 1200}) {
      const std::string_view file = std::string_view(bytes).substr(0, size);
      const SnapshotHasher hasher = hash_in_chunks(file, chunk);
      EXPECT_EQ(base::as_text(hasher.file_digest()), digest_of(file));
      EXPECT_FALSE(hasher.trailer_matches()) << size;
    }
  }
}

TEST(SnapshotHasher, SeesEveryFlippedBit) {
  const std::string file = make_snapshot(512);
  for (std::size_t position = 0; position < file.size(); ++position) {
    std::string damaged = file;
    damaged[position] = static_cast<char>(damaged[position] ^ (1 << (position % 8)));
    EXPECT_FALSE(hash_in_chunks(damaged, 100).trailer_matches()) << position;
  }
}

TEST(SnapshotHasher, SeesAFileThatWasCutOrGrew) {
  const std::string file = make_snapshot(1024);
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(hash_in_chunks(file.substr(0, size), 4096).trailer_matches()) << size;
  }
  EXPECT_FALSE(hash_in_chunks(file + '\0', 4096).trailer_matches());
  EXPECT_FALSE(hash_in_chunks(file + std::string(512, '\0'), 4096).trailer_matches());
}

TEST(SnapshotHasher, TakesAnEmptyImageForNoSnapshot) {
  EXPECT_FALSE(SnapshotHasher().trailer_matches());
  EXPECT_FALSE(hash_in_chunks(make_snapshot(0), 32).trailer_matches());
}

// Even with a true digest at its end, an image of half a page is none.
TEST(SnapshotHasher, AsksForALengthOfWholePages) {
  EXPECT_TRUE(hash_in_chunks(make_snapshot(4096), 1000).trailer_matches());
  EXPECT_FALSE(hash_in_chunks(make_snapshot(4095), 1000).trailer_matches());
  EXPECT_FALSE(hash_in_chunks(make_snapshot(4096 + 256), 1000).trailer_matches());
}

TEST(SnapshotHasher, AnswersInTheMiddleOfAStream) {
  const std::string file = make_snapshot(512) + make_snapshot(512);
  SnapshotHasher hasher;
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_EQ(base::as_text(hasher.file_digest()), digest_of(file.substr(0, size)));
    EXPECT_EQ(hasher.trailer_matches(), size == 544) << size;
    hasher.update(base::as_bytes(file).subspan(size, 1));
  }
}

TEST(TrailerLength, LeavesThirtyTwoBeyondWholePages) {
  for (const std::uint64_t size : {512 + 32, 4096 + 32, 1091399712}) {
    EXPECT_TRUE(has_trailer_length(size)) << size;
  }
  for (const std::uint64_t size : {0, 31, 32, 33, 512, 512 + 31, 512 + 33, 1091399680}) {
    EXPECT_FALSE(has_trailer_length(size)) << size;
  }
}

}  // namespace
}  // namespace lifeboat::etcd
