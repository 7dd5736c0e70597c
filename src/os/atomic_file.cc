#include "os/atomic_file.h"

#include "base/error.h"
#include "base/text.h"
#include "os/paths.h"

namespace lifeboat::os {

bool is_partial_name(std::string_view name) { return name.ends_with(kPartialSuffix); }

AtomicFile::AtomicFile(FileSystem& fs, std::string path, IfThere if_there)
    : fs_(fs),
      path_(std::move(path)),
      partial_path_(base::cat(path_, kPartialSuffix)),
      if_there_(if_there) {
  if (fs_.info(partial_path_)) fs_.remove_file(partial_path_);
  file_ = fs_.create(partial_path_);
}

AtomicFile::~AtomicFile() {
  if (published_) return;
  file_.reset();
  try {
    fs_.remove_file(partial_path_);
  } catch (...) {
    // It stays behind under a name that counts for nothing, and the next writer removes it.
  }
}

void AtomicFile::write(base::Bytes bytes) { file_->append(bytes); }

void AtomicFile::finish() {
  file_->sync();
  file_->close();
  file_.reset();
  try {
    rename();
    // Should the last step fail, the new file stays: it is whole, and the old one is gone.
    published_ = true;
    fs_.sync_directory(parent_path(path_));
  } catch (const base::Error& error) {
    // What was made here a moment ago was there; nobody asked for something that is not.
    if (error.code() != base::Code::kNotFound) throw;
    throw base::Error(base::Code::kIo, base::cat(path_, " vanished while it was being written"),
                      "check that the volume is still mounted");
  }
}

void AtomicFile::rename() {
  if (if_there_ == IfThere::kReplace) return fs_.rename(partial_path_, path_);
  // Whoever was here first may have taken the partial file, too: that is no volume that vanished.
  if (fs_.info(path_)) {
    throw base::Error(base::Code::kExists,
                      base::cat(base::printable(path_, 1000), " is there already"));
  }
  try {
    fs_.rename_new(partial_path_, path_);
  } catch (const base::Error& error) {
    // Then the moment since the look above is for the lock of the folder to guard.
    if (error.code() != base::Code::kUnsupported) throw;
    fs_.rename(partial_path_, path_);
  }
}

void write_file_atomically(FileSystem& fs, const std::string& path, base::Bytes content) {
  AtomicFile file(fs, path);
  file.write(content);
  file.finish();
}

}  // namespace lifeboat::os
