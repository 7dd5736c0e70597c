// Writes a tar archive as a stream: POSIX.1-2001 (pax) where the old header is too small for a
// value, plain ustar otherwise, so that every tar reads it. Over libarchive.
//
//   TarWriter tar(sink);
//   tar.begin_file({.name = "a/b", .size_bytes = 5, .modified = time});
//   tar.write(bytes);   // in as many pieces as it takes
//   tar.finish();
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/io.h"
#include "base/time.h"

struct archive;

namespace lifeboat::node {

struct TarEntry {
  std::string name;
  std::uint64_t size_bytes = 0;
  std::uint32_t mode = 0600;
  base::TimePoint modified;
};

// Used by one thread. The same calls make the same bytes. Throws what the sink throws; after that
// the archive is to be given up.
class TarWriter {
 public:
  // Borrows `sink`, which it does not finish.
  explicit TarWriter(base::Sink& sink);
  // Without finish(), leaves an archive that has no end, which every tar complains about.
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  void add_folder(const TarEntry& entry);
  // Ends the file before, all of whose bytes have to be there.
  void begin_file(const TarEntry& entry);
  void write(base::Bytes bytes);
  void finish();

 private:
  void put_header(const TarEntry& entry, unsigned type);
  void check(long result);

  struct Output;
  std::unique_ptr<Output> output_;
  archive* archive_;
  std::uint64_t missing_bytes_ = 0;  // of the file that was begun
};

}  // namespace lifeboat::node
