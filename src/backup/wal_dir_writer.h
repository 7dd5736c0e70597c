// Puts the WAL of a fresh data directory into a folder of its own.
//
// A folder that is empty takes the one file there is: it may be a mount point or a symbolic link,
// neither of which can be renamed. One that is in use is replaced as a whole, by a folder that is
// built beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backup/staging.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/time.h"
#include "os/fs.h"

namespace lifeboat::backup {

struct WalDirTarget {
  std::string path;
  bool replace = false;
  std::optional<os::Owner> owner;
  bool has_member = false;  // the data directory has one, to which the WAL there is may belong
};

// Used by one thread.
class WalDirWriter {
 public:
  // Makes the folder if it is not there. Borrows `fs`. Throws kExists if the folder is in use and
  // may not be replaced, or is no WAL folder at all; kBusy if another run is at it.
  WalDirWriter(os::FileSystem& fs, WalDirTarget target, base::TimePoint now);

  // Called once: the one file, whole and synced. Throws kExists if what looked like the WAL of a
  // run that died is another.
  void write(const std::string& name, base::Bytes content);

  // Makes what was written safe under its final name. Returns where the old folder is now, "" if
  // there was none. The file is not to be put in place twice.
  std::string put_in_place(Moves& moves);

 private:
  enum class State {
    kEmpty,      // but for what storage systems keep there
    kMaybeOurs,  // one small file, and no member that it could belong to
    kInUse,
    kOurs,  // the file to be written is there already
  };

  State look() const;
  void clear_leftovers();
  void stage();
  void check_replaceable() const;
  base::Error occupied() const;
  std::string staging_folder(State state) const;
  bool holds(const std::string& name, base::Bytes content) const;

  os::FileSystem& fs_;
  const WalDirTarget target_;
  const base::TimePoint now_;
  MadeFolder folder_;
  State state_;
  std::optional<Staging> staging_;
  std::string name_;
};

}  // namespace lifeboat::backup
