#include "backup/store_file.h"

#include "base/hash.h"
#include "base/stop.h"
#include "base/text.h"

namespace lifeboat::backup {
namespace {

constexpr std::size_t kCopyBufferBytes = 1024 * 1024;

class HashingSink : public base::Sink {
 public:
  explicit HashingSink(base::Sink& next) : next_(next) {}

  void write(base::Bytes bytes) override {
    sha256_.update(bytes);
    size_bytes_ += bytes.size();
    next_.write(bytes);
  }
  void finish() override { next_.finish(); }

  std::uint64_t size_bytes() const { return size_bytes_; }
  std::string sha256() const { return base::to_hex(sha256_.digest()); }

 private:
  base::Sink& next_;
  base::Sha256 sha256_;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace

vault::CatalogFile store_file(vault::ClusterVault& vault, const vault::BackupId& id,
                              const FileToStore& file,
                              const std::function<void(base::Sink&)>& write) {
  const auto stored = vault.put_file(id, file.name);
  HashingSink sink(*stored);
  write(sink);
  sink.finish();
  return {.role = std::string(file.role),
          .name = file.name,
          .size_bytes = sink.size_bytes(),
          .sha256 = sink.sha256(),
          .encoding = {},
          .plain_size_bytes = sink.size_bytes(),
          .plain_sha256 = sink.sha256()};
}

void copy_whole(base::RandomSource& source, base::Sink& sink, const std::stop_token& stop) {
  base::Buffer buffer(kCopyBufferBytes);
  std::uint64_t offset = 0;
  while (const std::size_t count = source.read_at(offset, buffer)) {
    base::throw_if_stopped(stop);
    sink.write(base::Bytes(buffer).first(count));
    offset += count;
  }
}

}  // namespace lifeboat::backup
