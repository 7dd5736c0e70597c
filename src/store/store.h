// Where backups are kept, as named blobs: a folder now, a bucket later, memory in tests.
//
// A blob name is a path of parts joined by '/', each part non-empty, not "." or "..", without
// control characters. A folder is what such a path goes through; it needs no making. One that holds
// nothing any more may still be listed, until remove_folder.
//
// Every implementation passes src/testing/store_contract.h, which is this page as a test. Throws
// what os/fs.h throws; kIo, too, from a store behind a network that stays silent: it has tried
// again by itself, and whoever asks etcd must not take it for etcd. Const or not, calls are safe
// from any thread; a Source or Sink is used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/io.h"

namespace lifeboat::store {

struct BlobInfo {
  std::string name;  // the last part only
  std::uint64_t size_bytes = 0;
};

// What is directly below a folder, each sorted by name.
struct Listing {
  std::vector<BlobInfo> blobs;
  std::vector<std::string> folders;  // the last part only
};

// Held as long as the object lives, and never longer than its process.
class StoreLock {
 public:
  virtual ~StoreLock() = default;
};

class Store {
 public:
  virtual ~Store() = default;

  // What people call it: "/backups".
  virtual std::string location() const = 0;

  // Throws kNotFound if there is no such store, kInvalid if its place is taken by something else.
  virtual void check() = 0;

  // `folder` is a path of parts, or "" for the whole store. Unfinished blobs, symbolic links and
  // whatever else is neither blob nor folder do not appear. An absent folder is an empty one.
  virtual Listing list(const std::string& folder) = 0;

  // The blob's bytes from the start. Throws kNotFound.
  virtual std::unique_ptr<base::Source> get(const std::string& name) = 0;

  // Whether it is behind a network, so that what jumps about in a blob (a proof) wants a copy at
  // hand instead of open().
  virtual bool is_remote() const = 0;

  // The blob for reading anywhere in it. Throws kNotFound.
  virtual std::unique_ptr<base::RandomSource> open(const std::string& name) = 0;

  // The blob's size, nullopt if there is none of that name.
  virtual std::optional<std::uint64_t> size_bytes(const std::string& name) = 0;

  // Whether anything at all has that name: also what is no blob and is not listed, such as a
  // symbolic link.
  virtual bool is_taken(const std::string& name) { return size_bytes(name).has_value(); }

  // What the store itself says of the blob's content without reading it, as a text that changes
  // when the content does: "sha256:BASE64", "sha256-parts:BASE64-7" (of a blob that was put in
  // seven parts), "etag:..." . Not the same from store to store. Nullopt where there is nothing
  // that would change (a folder), and for an absent blob.
  virtual std::optional<std::string> fingerprint(const std::string& name) = 0;

  // Begins a blob. It appears, whole and safe from a power cut, replacing an older one of that
  // name, when the sink's finish() returns; a sink that is destroyed before leaves nothing that
  // list or get would show.
  virtual std::unique_ptr<base::Sink> put(const std::string& name) = 0;

  // As put; but finish() throws kExists, and changes nothing, if there is a blob of that name by
  // then. Against another writer in the same moment only where the store has a way to do it in one
  // step: most folders and buckets do.
  virtual std::unique_ptr<base::Sink> put_new(const std::string& name) = 0;

  // Removes one blob for good: when it returns, a power cut does not bring it back. An absent one
  // is no error.
  virtual void remove(const std::string& name) = 0;

  // Removes everything at and below `folder`, unfinished blobs included. Absent is no error.
  // Symbolic links are removed, never followed.
  virtual void remove_folder(const std::string& folder) = 0;

  // Removes the unfinished blobs of dead writers directly in `folder`, and in folders below it that
  // list() does not show. The caller holds the lock that keeps live writers out.
  virtual void remove_unfinished(const std::string& folder) = 0;

  // Room for new blobs; nullopt where nobody can say (a bucket).
  virtual std::optional<std::uint64_t> available_bytes() = 0;

  // Takes the lock called `name`, a path of parts. Throws kBusy at once if somebody has it.
  virtual std::unique_ptr<StoreLock> lock(const std::string& name) = 0;
};

// A small blob as text. Throws kCorrupt if it is larger than `max_bytes`, kNotFound if absent.
std::string get_text(Store& store, const std::string& name, std::uint64_t max_bytes);

void put_text(Store& store, const std::string& name, std::string_view text);

// Whether `name` has the form given at the top.
bool is_valid_name(std::string_view name);

// Throws kInvalid unless it does.
void check_name(std::string_view name);

}  // namespace lifeboat::store
