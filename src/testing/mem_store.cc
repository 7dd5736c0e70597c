#include "testing/mem_store.h"

#include <algorithm>

#include "base/base64.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"

namespace lifeboat::testing {
namespace {

using ContentPtr = std::shared_ptr<MemStore::Content>;

class MemSource : public base::Source {
 public:
  explicit MemSource(std::string blob) : blob_(std::move(blob)) {}

  std::size_t read(base::MutableBytes buffer) override {
    const std::string_view piece = std::string_view(blob_).substr(offset_, buffer.size());
    std::copy(piece.begin(), piece.end(), buffer.begin());
    offset_ += piece.size();
    return piece.size();
  }

 private:
  const std::string blob_;
  std::size_t offset_ = 0;
};

class MemRandomSource : public base::RandomSource {
 public:
  explicit MemRandomSource(std::string blob) : blob_(std::move(blob)) {}

  std::uint64_t size_bytes() override { return blob_.size(); }
  std::size_t read_at(std::uint64_t offset, base::MutableBytes buffer) override {
    return base::MemorySource(base::as_bytes(blob_)).read_at(offset, buffer);
  }

 private:
  const std::string blob_;
};

base::Error no_such_blob(const std::string& name) {
  return base::Error(base::Code::kNotFound, base::cat("there is no ", name, " in memory"));
}

class MemSink : public base::Sink {
 public:
  MemSink(ContentPtr content, std::string name, bool replaces)
      : content_(std::move(content)), name_(std::move(name)), replaces_(replaces) {}

  void write(base::Bytes bytes) override { blob_ += base::as_text(bytes); }

  void finish() override {
    const std::lock_guard guard(content_->mutex);
    if (!replaces_ && content_->blobs.contains(name_)) {
      throw base::Error(base::Code::kExists, base::cat(name_, " is there already"));
    }
    content_->blobs[name_] = std::move(blob_);
  }

 private:
  const ContentPtr content_;
  const std::string name_;
  const bool replaces_;
  std::string blob_;
};

class MemLock : public store::StoreLock {
 public:
  MemLock(ContentPtr content, std::string name)
      : content_(std::move(content)), name_(std::move(name)) {}

  ~MemLock() override {
    const std::lock_guard guard(content_->mutex);
    content_->locks.erase(name_);
  }

 private:
  const ContentPtr content_;
  const std::string name_;
};

// What the names of everything below `folder` begin with.
std::string prefix_of(const std::string& folder) {
  if (folder.empty()) return "";
  store::check_name(folder);
  return folder + "/";
}

}  // namespace

MemStore::MemStore(std::shared_ptr<Content> content) : content_(std::move(content)) {}

store::Listing MemStore::list(const std::string& folder) {
  const std::string prefix = prefix_of(folder);
  const std::lock_guard guard(content_->mutex);
  store::Listing listing;
  std::set<std::string> folders;
  for (const auto& [name, blob] : content_->blobs) {
    if (!name.starts_with(prefix)) continue;
    const std::string rest = name.substr(prefix.size());
    const std::size_t slash = rest.find('/');
    if (slash == std::string::npos) {
      listing.blobs.push_back({rest, blob.size()});
    } else {
      folders.insert(rest.substr(0, slash));
    }
  }
  listing.folders.assign(folders.begin(), folders.end());
  return listing;
}

std::unique_ptr<base::Source> MemStore::get(const std::string& name) {
  store::check_name(name);
  const std::lock_guard guard(content_->mutex);
  const auto blob = content_->blobs.find(name);
  if (blob == content_->blobs.end()) throw no_such_blob(name);
  return std::make_unique<MemSource>(blob->second);
}

std::unique_ptr<base::RandomSource> MemStore::open(const std::string& name) {
  store::check_name(name);
  const std::lock_guard guard(content_->mutex);
  const auto blob = content_->blobs.find(name);
  if (blob == content_->blobs.end()) throw no_such_blob(name);
  return std::make_unique<MemRandomSource>(blob->second);
}

std::optional<std::uint64_t> MemStore::size_bytes(const std::string& name) {
  store::check_name(name);
  const std::lock_guard guard(content_->mutex);
  const auto blob = content_->blobs.find(name);
  if (blob == content_->blobs.end()) return std::nullopt;
  return blob->second.size();
}

void MemStore::set_remote(bool remote) {
  const std::lock_guard guard(content_->mutex);
  content_->remote = remote;
}

bool MemStore::is_remote() const {
  const std::lock_guard guard(content_->mutex);
  return content_->remote;
}

std::optional<std::string> MemStore::fingerprint(const std::string& name) {
  store::check_name(name);
  const std::lock_guard guard(content_->mutex);
  const auto blob = content_->blobs.find(name);
  if (!content_->remote || blob == content_->blobs.end()) return std::nullopt;
  return "sha256:" + base::encode_base64(base::sha256(base::as_bytes(blob->second)));
}

std::unique_ptr<base::Sink> MemStore::put(const std::string& name) {
  store::check_name(name);
  return std::make_unique<MemSink>(content_, name, true);
}

std::unique_ptr<base::Sink> MemStore::put_new(const std::string& name) {
  store::check_name(name);
  return std::make_unique<MemSink>(content_, name, false);
}

void MemStore::remove(const std::string& name) {
  store::check_name(name);
  const std::lock_guard guard(content_->mutex);
  content_->blobs.erase(name);
}

void MemStore::remove_folder(const std::string& folder) {
  store::check_name(folder);
  const std::string prefix = folder + "/";
  const std::lock_guard guard(content_->mutex);
  std::erase_if(content_->blobs, [&](const auto& blob) {
    return blob.first == folder || blob.first.starts_with(prefix);
  });
}

// A blob that was not finished is known to its sink alone.
void MemStore::remove_unfinished(const std::string& folder) { prefix_of(folder); }

std::unique_ptr<store::StoreLock> MemStore::lock(const std::string& name) {
  store::check_name(name);
  const std::lock_guard guard(content_->mutex);
  if (!content_->locks.insert(name).second) {
    throw base::Error(base::Code::kBusy, base::cat("cannot lock ", name, ": another run holds it"));
  }
  return std::make_unique<MemLock>(content_, name);
}

}  // namespace lifeboat::testing
