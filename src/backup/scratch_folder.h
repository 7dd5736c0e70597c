// A folder of our own within another one, for what a run needs at hand and nobody afterwards.
//
// It is locked while its run lives. What a run that was killed has left behind is removed by the
// next run that works in the same place.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/io.h"
#include "base/log.h"
#include "os/fs.h"

namespace lifeboat::backup {

class ScratchFolder {
 public:
  // Makes it, mode 0700, and removes those of dead runs. Borrows `fs` and `log`. Throws kNotFound
  // if there is no folder `parent`, and what the file system throws.
  ScratchFolder(os::FileSystem& fs, std::string parent, base::Log& log);
  // Removes it with all that is in it; if that fails, says so in the log.
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string path() const;

 private:
  void remove_dead_ones();
  void take_name();

  os::FileSystem& fs_;
  const std::string parent_;
  std::string name_;
  base::Log& log_;
  std::unique_ptr<os::FileLock> lock_;
};

// One file in such a folder.
class ScratchFile {
 public:
  // As ScratchFolder.
  ScratchFile(os::FileSystem& fs, std::string parent, base::Log& log);

  // Copies `source` to its end into the file, which is written once. `size_bytes` is what is
  // expected: throws kNoSpace, with both numbers, if there is no room for that. Throws kCancelled,
  // and what source and file system throw.
  void write(base::Source& source, std::uint64_t size_bytes, const std::stop_token& stop);
  // The same from whoever writes into the sink it is handed; the sink is finished here.
  void write(std::uint64_t size_bytes, const std::function<void(base::Sink&)>& write);

  std::unique_ptr<base::RandomSource> open() const;

 private:
  std::string path() const;

  os::FileSystem& fs_;
  const ScratchFolder folder_;
};

}  // namespace lifeboat::backup
