// A file that appears under its name only when it is whole and safe.
//
// The order is: write to a temporary name in the same folder, fsync the file, rename it, fsync the
// folder. A crash before the rename leaves the old state and a temporary file; after it, the new.
#pragma once

#include <memory>
#include <string>

#include "base/io.h"
#include "os/fs.h"

namespace lifeboat::os {

// Ends the names of files that are being written. A file so named never counts for anything.
inline constexpr std::string_view kPartialSuffix = ".partial";

// True for the names that AtomicFile writes to before they are final.
bool is_partial_name(std::string_view name);

// What finish() does if there is something under the name by then.
enum class IfThere {
  kReplace,
  kRefuse,  // throw kExists, it stays
};

class AtomicFile : public base::Sink {
 public:
  // Begins `path`, whose folder exists. Borrows `fs`. A partial file of a dead writer is replaced:
  // the caller holds a lock that keeps live ones out.
  AtomicFile(FileSystem& fs, std::string path, IfThere if_there = IfThere::kReplace);
  // Without finish(), removes the partial file.
  ~AtomicFile() override;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(base::Bytes bytes) override;
  // Publishes: after it returns, `path` holds what was written, power cut or not.
  void finish() override;

  // Whether `path` is this file's by now, also where finish() threw afterwards.
  bool is_published() const { return published_; }

 private:
  void rename();

  FileSystem& fs_;
  const std::string path_;
  const std::string partial_path_;
  const IfThere if_there_;
  std::unique_ptr<WritableFile> file_;
  bool published_ = false;
};

// A whole small file at once.
void write_file_atomically(FileSystem& fs, const std::string& path, base::Bytes content);

}  // namespace lifeboat::os
