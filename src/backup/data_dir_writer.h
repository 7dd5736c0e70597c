// Puts a fresh etcd data directory in place: the whole of it, or nothing.
//
// Everything is written into `member.partial` within the data directory, synced, and renamed to
// `member` at the end; a WAL folder of its own goes before that, because etcd on a `member` without
// its WAL would begin a new, empty cluster. What was there before is never removed: it is refused,
// or with `replace` kept beside as `member.before-TIME`. A run that died leaves at most a
// `member.partial`, which the next run clears; etcd never looks at it. Only one that died between
// two renames leaves more: a complete `member.before-TIME` that holds the new data, or, with a WAL
// folder of its own, that folder without a `member`, which the next run takes as its own.
// Layout: docs/formats/data-dir.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backup/staging.h"
#include "backup/wal_dir_writer.h"
#include "base/bytes.h"
#include "base/time.h"
#include "os/fs.h"

namespace lifeboat::backup {

struct DataDirTarget {
  std::string data_dir;
  std::string wal_dir = {};             // empty: within the data directory
  bool replace = false;                 // keep what is there as *.before-TIME, don't refuse
  std::optional<os::Owner> owner = {};  // of everything that is made; this user's if not given
};

// Where what was there before is now; empty if nothing was.
struct Replaced {
  std::string member;
  std::string wal_dir;
};

// Used by one thread; what open_scratch() and open_database() return may be read by another, and
// they may be called there.
class DataDirWriter {
 public:
  // Looks, makes the data directory (its last part only) if it is not there, and begins
  // `member.partial`. Borrows `fs`. `now` names what is replaced. Throws kExists if there is a
  // `member` (or a WAL folder with something in it) and it may not be replaced, or if anything else
  // is in the data directory than what storage systems, OpenShift (revision.json) and earlier
  // restores leave there; kBusy if another run is at it; kInvalid for folders within each other;
  // kNotFound if the folder above is not there; what the file system throws.
  DataDirWriter(os::FileSystem& fs, DataDirTarget target, base::TimePoint now);

  // Unless committed, removes what it made, the data directory included if it was not there.
  ~DataDirWriter() = default;
  DataDirWriter(const DataDirWriter&) = delete;
  DataDirWriter& operator=(const DataDirWriter&) = delete;

  // A file beside the new data, on the same file system, that is gone after commit().
  std::unique_ptr<os::WritableFile> create_scratch();
  std::unique_ptr<os::ReadableFile> open_scratch();

  // The database, to be written; syncing and closing it is the caller's business, before commit().
  std::unique_ptr<os::WritableFile> create_database();
  // The database as it is before commit(), to be read again.
  std::unique_ptr<os::ReadableFile> open_database();

  // Small files, whole and synced; one of each. With a WAL folder of its own, write_wal throws
  // kExists if the one file in that folder turns out to be another one.
  void write_raft_snap(const std::string& name, base::Bytes content);
  void write_wal(const std::string& name, base::Bytes content);

  // From here on the data directory is there, power cut or not. Nothing may follow. When it throws,
  // `member` is what it was, or the new one, or absent and complete as `member.before-TIME`.
  Replaced commit();

 private:
  std::string path(std::string_view name) const;
  bool has_member();
  // Throws kExists for what may not be there.
  void check_entries();
  bool may_be_there(std::string_view name) const;
  std::string keep_member(Moves& moves);
  std::string put_member_in_place(Moves& moves);
  bool exchange_member(const std::string& kept);

  os::FileSystem& fs_;
  const DataDirTarget target_;
  const base::TimePoint now_;
  // In the order in which they are made; what was made last is taken back first.
  MadeFolder data_dir_;
  std::optional<Staging> staging_;
  std::optional<WalDirWriter> wal_dir_;
};

}  // namespace lifeboat::backup
