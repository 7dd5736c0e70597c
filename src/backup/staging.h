// What is built apart and then put in place by renames: the folders and locks of that.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "os/fs.h"

namespace lifeboat::backup {

// PLACE.before-TIME, or with "_2" and so on where that is taken: the name under which what is at
// `place` is kept.
std::string kept_path(os::FileSystem& fs, const std::string& place, base::TimePoint now);

// Whether storage systems put such a name into a folder that is empty otherwise: "lost+found", and
// what begins with a dot (".snapshot").
bool belongs_to_storage(std::string_view name);

// A folder that is made if it is not there, and that goes again if nothing came into it.
class MadeFolder {
 public:
  // A symbolic link to a folder counts as one; what is there stays as it is. Makes the last part
  // of `path` only, for `owner`. Borrows `fs`. Throws kNotFound if the folder above is not there,
  // kInvalid if something else is in the way.
  MadeFolder(os::FileSystem& fs, std::string path, const std::optional<os::Owner>& owner);
  ~MadeFolder();
  MadeFolder(const MadeFolder&) = delete;
  MadeFolder& operator=(const MadeFolder&) = delete;

 private:
  void make(const std::optional<os::Owner>& owner);
  void make_safe(bool was_there);

  os::FileSystem& fs_;
  const std::string path_;
  bool made_ = false;
};

// A folder with a lock, and in it a folder `new` for what is being built.
//
// The lock is beside `new` and not within, so that it is held until `new` has been renamed: a run
// that came in between would take what is finished for a leftover. Names are paths within `new`;
// "" is `new` itself. Everything in it is given to the owner as it is made.
class Staging {
 public:
  // Makes `folder`, or clears it of what a dead run left. Borrows `fs`. Throws kBusy if a live run
  // has it, kExists if there is something that no run leaves.
  Staging(os::FileSystem& fs, std::string folder, std::optional<os::Owner> owner);
  // Removes the folder with all that is still in it.
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  std::string path(const std::string& name) const;
  void make_folder(const std::string& name);
  std::unique_ptr<os::WritableFile> create(const std::string& name);
  void write_file(const std::string& name, base::Bytes content);  // whole and synced

  // A file beside `new`, which goes with the folder.
  std::string scratch_path() const;

  // Makes all names safe. The files are their writers' business.
  void sync();

 private:
  void make_or_check();
  void take_lock();
  void begin();
  void clear();
  void discard();

  os::FileSystem& fs_;
  const std::string folder_;
  const std::optional<os::Owner> owner_;
  std::vector<std::string> folders_ = {""};  // within `new`, each after the one that holds it
  std::unique_ptr<os::FileLock> lock_;
};

// Renames that belong together: unless it comes to the last, they are taken back, last first.
class Moves {
 public:
  explicit Moves(os::FileSystem& fs) : fs_(fs) {}
  ~Moves();
  Moves(const Moves&) = delete;
  Moves& operator=(const Moves&) = delete;

  // Safe from a power cut before it returns, so that none is seen without those before it.
  void rename(const std::string& from, const std::string& to);
  // From here on nothing is taken back, even if this throws because the sync failed.
  void rename_last(const std::string& from, const std::string& to);

 private:
  void sync_both(const std::string& from, const std::string& to);

  os::FileSystem& fs_;
  std::vector<std::pair<std::string, std::string>> done_;
};

}  // namespace lifeboat::backup
