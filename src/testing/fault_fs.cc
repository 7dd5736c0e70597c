#include "testing/fault_fs.h"

#include <algorithm>
#include <mutex>

#include "testing/two_state_tree.h"

namespace lifeboat::testing {
namespace {

using base::Code;
using os::FileType;
using Node = TwoStateTree::Node;
using NodePtr = TwoStateTree::NodePtr;

// What a call takes from the disk.
enum class Need { kNothing, kWriting, kSpace };

// Large enough for every test, small enough that sums with it do not overflow.
constexpr std::uint64_t kUnlimitedBytes = std::uint64_t{1} << 50;

std::uint64_t half(std::uint64_t size) { return size / 2; }

}  // namespace

struct FaultFs::State {
  mutable std::mutex mutex;
  TwoStateTree tree;
  // Counts processes: handles of an earlier one are dead.
  std::uint64_t life = 0;

  std::optional<Fault> fault;
  std::uint64_t calls_left = 0;
  bool fault_happened = false;

  std::optional<std::uint64_t> capacity_bytes;
  bool read_only = false;
  bool exchange_supported = true;
  bool rename_new_supported = true;

  // Counts one call; true if the fault befalls it.
  bool strikes(Need need);
  [[noreturn]] void throw_fault(std::string_view action, std::string_view path) const;
  // Counts one call and throws what the fault or the disk has in store for it.
  void enter(Need need, std::string_view action, std::string_view path);
  // For handles: throws if the process that holds it is gone.
  void check_alive(std::uint64_t handle_life, std::string_view path) const;
  void append(Node& node, base::Bytes bytes, std::string_view path);
  void overwrite(Node& node, std::uint64_t offset, base::Bytes bytes, std::string_view path);
  std::uint64_t room_bytes() const;
  void begin_life();
};

bool FaultFs::State::strikes(Need need) {
  if (!fault || (*fault == Fault::kDiskFull && need != Need::kSpace)) return false;
  if (fault_happened) return *fault != Fault::kIoError;
  fault_happened = --calls_left == 0;
  return fault_happened;
}

void FaultFs::State::throw_fault(std::string_view action, std::string_view path) const {
  switch (*fault) {
    case Fault::kIoError:
      throw cannot(Code::kIo, action, path, "Input/output error");
    case Fault::kDiskFull:
      throw cannot(Code::kNoSpace, action, path, "No space left on device");
    case Fault::kKill:
      throw Killed{};
  }
  LIFEBOAT_CHECK(false);
}

void FaultFs::State::enter(Need need, std::string_view action, std::string_view path) {
  if (strikes(need)) throw_fault(action, path);
  if (read_only && need != Need::kNothing) {
    throw cannot(Code::kDenied, action, path, "Read-only file system");
  }
}

void FaultFs::State::check_alive(std::uint64_t handle_life, std::string_view path) const {
  if (handle_life != life) throw cannot(Code::kIo, "use", path, "Stale file handle");
}

void FaultFs::State::append(Node& node, base::Bytes bytes, std::string_view path) {
  const std::string_view text = base::as_text(bytes);
  if (strikes(Need::kSpace)) {
    if (*fault == Fault::kIoError) node.content += text.substr(0, half(text.size()));
    throw_fault("write", path);
  }
  if (read_only) throw cannot(Code::kDenied, "write", path, "Read-only file system");
  const std::string_view fitting =
      text.substr(0, std::min<std::uint64_t>(room_bytes(), text.size()));
  node.content += fitting;
  if (fitting.size() < text.size()) {
    throw cannot(Code::kNoSpace, "write", path, "No space left on device");
  }
}

// Takes no space, so that a full disk does not mind.
void FaultFs::State::overwrite(Node& node, std::uint64_t offset, base::Bytes bytes,
                               std::string_view path) {
  LIFEBOAT_CHECK(offset + bytes.size() <= node.content.size());
  const std::string_view text = base::as_text(bytes);
  if (strikes(Need::kWriting)) {
    if (*fault == Fault::kIoError) {
      node.content.replace(offset, half(text.size()), text.substr(0, half(text.size())));
    }
    throw_fault("write", path);
  }
  if (read_only) throw cannot(Code::kDenied, "write", path, "Read-only file system");
  node.content.replace(offset, text.size(), text);
}

std::uint64_t FaultFs::State::room_bytes() const {
  if (!capacity_bytes) return kUnlimitedBytes;
  return *capacity_bytes - std::min(*capacity_bytes, tree.used_bytes());
}

void FaultFs::State::begin_life() {
  ++life;
  fault.reset();
  fault_happened = false;
  tree.free_locks();
}

namespace {

// What files and locks have in common: they belong to one process and name one node.
struct Handle {
  std::shared_ptr<FaultFs::State> state;
  NodePtr node;
  std::string path;
  std::uint64_t life;
};

class FaultReadableFile : public os::ReadableFile {
 public:
  explicit FaultReadableFile(Handle handle) : handle_(std::move(handle)) {}

  std::size_t read_at(std::uint64_t offset, base::MutableBytes buffer) override {
    const std::lock_guard guard(handle_.state->mutex);
    handle_.state->enter(Need::kNothing, "read", handle_.path);
    handle_.state->check_alive(handle_.life, handle_.path);
    const std::string_view content = handle_.node->content;
    if (offset >= content.size()) return 0;
    const std::string_view piece = content.substr(offset, buffer.size());
    std::copy(piece.begin(), piece.end(), buffer.begin());
    return piece.size();
  }

  std::uint64_t size_bytes() override {
    const std::lock_guard guard(handle_.state->mutex);
    handle_.state->enter(Need::kNothing, "examine", handle_.path);
    handle_.state->check_alive(handle_.life, handle_.path);
    return handle_.node->content.size();
  }

 private:
  const Handle handle_;
};

class FaultWritableFile : public os::WritableFile {
 public:
  explicit FaultWritableFile(Handle handle) : handle_(std::move(handle)) {}

  void append(base::Bytes bytes) override {
    const std::lock_guard guard(handle_.state->mutex);
    handle_.state->check_alive(handle_.life, handle_.path);
    handle_.state->append(*handle_.node, bytes, handle_.path);
  }

  void overwrite(std::uint64_t offset, base::Bytes bytes) override {
    const std::lock_guard guard(handle_.state->mutex);
    handle_.state->check_alive(handle_.life, handle_.path);
    handle_.state->overwrite(*handle_.node, offset, bytes, handle_.path);
  }

  void sync() override {
    const std::lock_guard guard(handle_.state->mutex);
    handle_.state->enter(Need::kWriting, "sync", handle_.path);
    handle_.state->check_alive(handle_.life, handle_.path);
    handle_.node->safe_content = handle_.node->content;
  }

  void close() override {
    const std::lock_guard guard(handle_.state->mutex);
    handle_.state->enter(Need::kNothing, "close", handle_.path);
    handle_.state->check_alive(handle_.life, handle_.path);
  }

 private:
  const Handle handle_;
};

class FaultLock : public os::FileLock {
 public:
  explicit FaultLock(Handle handle) : handle_(std::move(handle)) { handle_.node->locked = true; }

  ~FaultLock() override {
    const std::lock_guard guard(handle_.state->mutex);
    // After its process died, the lock may be somebody else's.
    if (handle_.life == handle_.state->life) handle_.node->locked = false;
  }

 private:
  const Handle handle_;
};

}  // namespace

FaultFs::FaultFs() : state_(std::make_shared<State>()) {}

FaultFs::~FaultFs() = default;

void FaultFs::fail_at(std::uint64_t call, Fault fault) {
  LIFEBOAT_CHECK(call > 0);
  const std::lock_guard guard(state_->mutex);
  state_->fault = fault;
  state_->calls_left = call;
  state_->fault_happened = false;
}

bool FaultFs::fault_happened() const {
  const std::lock_guard guard(state_->mutex);
  return state_->fault_happened;
}

void FaultFs::clear_fault() {
  const std::lock_guard guard(state_->mutex);
  state_->fault.reset();
  state_->fault_happened = false;
}

void FaultFs::power_cut() {
  const std::lock_guard guard(state_->mutex);
  state_->tree.power_cut();
  state_->begin_life();
}

void FaultFs::process_death() {
  const std::lock_guard guard(state_->mutex);
  state_->begin_life();
}

void FaultFs::set_capacity(std::uint64_t bytes) {
  const std::lock_guard guard(state_->mutex);
  state_->capacity_bytes = bytes;
}

void FaultFs::set_read_only(bool read_only) {
  const std::lock_guard guard(state_->mutex);
  state_->read_only = read_only;
}

void FaultFs::set_exchange_supported(bool supported) {
  const std::lock_guard guard(state_->mutex);
  state_->exchange_supported = supported;
}

void FaultFs::set_rename_new_supported(bool supported) {
  const std::lock_guard guard(state_->mutex);
  state_->rename_new_supported = supported;
}

void FaultFs::put_file(const std::string& path, std::string_view content) {
  const std::lock_guard guard(state_->mutex);
  state_->tree.put(path, FileType::kFile, content);
}

void FaultFs::flip_bit(const std::string& path, std::size_t offset) {
  std::string content = file_content(path);
  content.at(offset) = static_cast<char>(content.at(offset) ^ 1);
  put_file(path, content);
}

void FaultFs::put_symlink(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  state_->tree.put(path, FileType::kSymlink, "");
}

void FaultFs::put_directory(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  state_->tree.put(path, FileType::kDirectory, "");
}

std::string FaultFs::file_content(const std::string& path) const {
  const std::lock_guard guard(state_->mutex);
  return state_->tree.require("read", path)->content;
}

os::Owner FaultFs::owner(const std::string& path) const {
  const std::lock_guard guard(state_->mutex);
  return state_->tree.require("examine", path)->owner;
}

std::vector<std::string> FaultFs::tree() const {
  const std::lock_guard guard(state_->mutex);
  return state_->tree.paths();
}

std::unique_ptr<os::ReadableFile> FaultFs::open(const std::string& path, os::Links links) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kNothing, "open", path);
  const NodePtr node = state_->tree.require("open", path);
  if (node->type == FileType::kSymlink) {
    throw links == os::Links::kFollow
        ? cannot(Code::kNotFound, "open", path, "No such file or directory")
        : cannot(Code::kDenied, "open", path, "it is a symbolic link");
  }
  if (node->type != FileType::kFile) throw cannot(Code::kInvalid, "open", path, "Is a directory");
  return std::make_unique<FaultReadableFile>(Handle{state_, node, path, state_->life});
}

std::unique_ptr<os::WritableFile> FaultFs::create(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kSpace, "create", path);
  const NodePtr node = state_->tree.add("create", path, FileType::kFile);
  return std::make_unique<FaultWritableFile>(Handle{state_, node, path, state_->life});
}

std::optional<os::FileInfo> FaultFs::info(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kNothing, "examine", path);
  const NodePtr node = state_->tree.find(path);
  if (node == nullptr) return std::nullopt;
  return os::FileInfo{node->type, node->content.size()};
}

std::vector<os::DirectoryEntry> FaultFs::list(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kNothing, "list", path);
  std::vector<os::DirectoryEntry> entries;
  for (const auto& [name, node] : state_->tree.require_folder("list", path)->entries) {
    entries.push_back({name, node->type});
  }
  return entries;
}

void FaultFs::make_directory(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kSpace, "make the folder", path);
  state_->tree.add("make the folder", path, FileType::kDirectory);
}

void FaultFs::rename(const std::string& from, const std::string& to) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kWriting, "rename", from);
  state_->tree.rename(from, to);
}

void FaultFs::rename_new(const std::string& from, const std::string& to) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kWriting, "rename", from);
  state_->tree.require("rename", from);
  if (!state_->rename_new_supported) {
    throw cannot(Code::kUnsupported, "rename", from, "the file system can't");
  }
  if (state_->tree.find(to)) throw cannot(Code::kExists, "rename", from, "File exists");
  state_->tree.rename(from, to);
}

void FaultFs::exchange(const std::string& one, const std::string& other) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kWriting, "exchange", one);
  if (!state_->exchange_supported) {
    throw cannot(Code::kUnsupported, "exchange", one, "the file system can't");
  }
  state_->tree.exchange(one, other);
}

void FaultFs::remove_file(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kWriting, "remove", path);
  state_->tree.remove("remove", path, false);
}

void FaultFs::remove_directory(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kWriting, "remove the folder", path);
  state_->tree.remove("remove the folder", path, true);
}

void FaultFs::set_owner(const std::string& path, const os::Owner& owner) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kWriting, "set the owner of", path);
  state_->tree.require("set the owner of", path)->owner = owner;
}

void FaultFs::sync_directory(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  // Harmless on a read-only file system, as on a real one.
  state_->enter(Need::kNothing, "sync", path);
  state_->tree.sync_folder(path);
}

std::uint64_t FaultFs::available_bytes(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  state_->enter(Need::kNothing, "ask for free space on", path);
  state_->tree.require("ask for free space on", path);
  return state_->room_bytes();
}

std::unique_ptr<os::FileLock> FaultFs::lock(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  NodePtr node = state_->tree.find(path);
  state_->enter(node == nullptr ? Need::kSpace : Need::kWriting, "lock", path);
  if (node == nullptr) node = state_->tree.add("lock", path, FileType::kFile);
  if (node->type == FileType::kSymlink) {
    throw cannot(Code::kDenied, "lock", path, "it is a symbolic link");
  }
  if (node->locked) throw cannot(Code::kBusy, "lock", path, "another run holds it");
  return std::make_unique<FaultLock>(Handle{state_, node, path, state_->life});
}

}  // namespace lifeboat::testing
