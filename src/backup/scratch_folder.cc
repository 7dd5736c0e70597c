#include "backup/scratch_folder.h"

#include "backup/space.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "os/paths.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr std::string_view kPrefix = "lifeboat-scratch-";
constexpr std::string_view kLockSuffix = ".lock";
constexpr const char* kFileName = "snapshot.db";
constexpr std::size_t kPathCharactersMax = 1000;
constexpr int kNamesTriedMax = 10;

// Beside the folder, so that nothing is in the folder but what its user puts there, and so that
// the folder is never there without its lock.
std::string lock_path(const std::string& parent, std::string_view name) {
  return os::join_path(parent, cat(name, kLockSuffix));
}

// A file under way to its name; what is not closed goes with the folder that holds it.
class FileSink : public base::Sink {
 public:
  explicit FileSink(std::unique_ptr<os::WritableFile> file) : file_(std::move(file)) {}

  void write(base::Bytes bytes) override { file_->append(bytes); }
  void finish() override { file_->close(); }

 private:
  const std::unique_ptr<os::WritableFile> file_;
};

}  // namespace

ScratchFolder::ScratchFolder(os::FileSystem& fs, std::string parent, base::Log& log)
    : fs_(fs), parent_(std::move(parent)), log_(log) {
  if (!os::is_folder(fs_, parent_)) {
    throw Error(
        Code::kNotFound,
        cat("there is no folder ", base::printable(parent_, kPathCharactersMax), " to work in"),
        "name a folder with room for the database with --scratch DIR");
  }
  remove_dead_ones();
  take_name();
  fs_.make_directory(path());
}

// A run that cleans up may lock a file that was just made, before its maker does: it takes that one
// for a dead run's, and removes it.
void ScratchFolder::take_name() {
  for (int tries_left = kNamesTriedMax - 1;; --tries_left) {
    name_ = cat(kPrefix, base::to_hex_id(base::random_number()));
    try {
      lock_ = fs_.lock(lock_path(parent_, name_));
      return;
    } catch (const Error& error) {
      if (error.code() != Code::kBusy || tries_left == 0) throw;
    }
  }
}

ScratchFolder::~ScratchFolder() {
  try {
    os::remove_tree(fs_, path());
    fs_.remove_file(lock_path(parent_, name_));
  } catch (const Error& error) {
    log_.warning(cat("the scratch folder ", base::printable(path(), kPathCharactersMax),
                     " is left behind, remove it: ", error.what()));
  }
}

std::string ScratchFolder::path() const { return os::join_path(parent_, name_); }

// By their locks, since no folder is ever there without one. Others may work in the same place,
// also other users, whose folders are theirs to remove. Nothing that lies there keeps this run from
// its work.
void ScratchFolder::remove_dead_ones() {
  for (const os::DirectoryEntry& entry : fs_.list(parent_)) {
    if (!entry.name.starts_with(kPrefix) || !entry.name.ends_with(kLockSuffix)) continue;
    const std::string name = entry.name.substr(0, entry.name.size() - kLockSuffix.size());
    try {
      const auto lock = fs_.lock(lock_path(parent_, name));
      const std::string folder = os::join_path(parent_, name);
      if (fs_.info(folder)) os::remove_tree(fs_, folder);
      fs_.remove_file(lock_path(parent_, name));
      log_.info(cat("removed the scratch folder of a run that did not end: ",
                    base::printable(folder, kPathCharactersMax)));
    } catch (const Error& error) {
      const bool is_theirs = error.code() == Code::kBusy || error.code() == Code::kDenied ||
                             error.code() == Code::kNotFound;
      if (is_theirs) continue;
      log_.warning(cat("what a run that did not end left behind can't be removed: ", error.what()));
    }
  }
}

ScratchFile::ScratchFile(os::FileSystem& fs, std::string parent, base::Log& log)
    : fs_(fs), folder_(fs, std::move(parent), log) {}

std::string ScratchFile::path() const { return os::join_path(folder_.path(), kFileName); }

void ScratchFile::write(base::Source& source, std::uint64_t size_bytes,
                        const std::stop_token& stop) {
  write(size_bytes, [&](base::Sink& sink) { base::copy(source, sink, stop); });
}

void ScratchFile::write(std::uint64_t size_bytes, const std::function<void(base::Sink&)>& write) {
  require_room(base::printable(folder_.path(), kPathCharactersMax), needed_bytes(size_bytes),
               fs_.available_bytes(folder_.path()),
               "name a folder with more room with --scratch DIR");
  FileSink sink(fs_.create(path()));
  write(sink);
  sink.finish();
}

std::unique_ptr<base::RandomSource> ScratchFile::open() const { return fs_.open(path()); }

}  // namespace lifeboat::backup
