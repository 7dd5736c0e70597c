// Writes a tar archive as a stream, in GNU tar's own format: over libarchive.
//
// Names and link targets are bytes to it, as they are to Linux. The POSIX format was rejected: its
// long or foreign names are UTF-8, and for one that is not, libarchive adds a keyword that GNU tar
// warns of. Where a value fits the oldest header there is nothing else, so every tar reads it. A
// time before 1970 becomes 1970.
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
#include "os/fs.h"

struct archive;

namespace lifeboat::node {

struct TarEntry {
  std::string name;
  std::uint64_t size_bytes = 0;
  std::uint32_t mode = 0600;  // 0 to 07777
  base::TimePoint modified;   // whole seconds are kept, as GNU tar does
  os::Owner owner = {};
  // At most kAccountNameBytesMax each; empty: the archive has the number alone.
  std::string user_name = {};
  std::string group_name = {};
};

constexpr std::size_t kAccountNameBytesMax = 31;

// A gzip header holds neither name nor time.
enum class Compression { kNone, kGzip };

// Used by one thread. The same calls make the same bytes. Throws what the sink throws; after that
// the archive is to be given up.
class TarWriter {
 public:
  // Borrows `sink`, which it does not finish.
  explicit TarWriter(base::Sink& sink, Compression compression = Compression::kNone);
  // Without finish(), leaves an archive that has no end, which every tar complains about.
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  // A slash is put behind its name.
  void add_folder(const TarEntry& entry);
  void add_symlink(const TarEntry& entry, const std::string& target);
  // One more name for the file that is in the archive as `first_name`.
  void add_hard_link(const TarEntry& entry, const std::string& first_name);
  // Ends the file before, all of whose bytes have to be there.
  void begin_file(const TarEntry& entry);
  void write(base::Bytes bytes);
  void finish();

 private:
  enum class Link { kNone, kSymbolic, kHard };

  void put_header(const TarEntry& entry, unsigned type, Link link = Link::kNone,
                  const std::string& target = {});
  void check(long result);

  struct Output;
  std::unique_ptr<Output> output_;
  archive* archive_;
  std::uint64_t missing_bytes_ = 0;  // of the file that was begun
};

}  // namespace lifeboat::node
