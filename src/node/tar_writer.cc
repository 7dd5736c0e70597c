#include "node/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include <exception>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::node {
namespace {

// What the sink gets at a time.
constexpr int kPieceBytes = 64 * 1024;

}  // namespace

// No exception may pass through the library, so what the sink throws is kept until it returns.
struct TarWriter::Output {
  base::Sink& sink;
  std::exception_ptr failure = nullptr;
  bool given_up = false;

  static la_ssize_t put(archive* /*archive*/, void* client, const void* bytes, std::size_t size) {
    auto* output = static_cast<Output*>(client);
    if (output->given_up) return -1;
    try {
      output->sink.write({static_cast<const std::uint8_t*>(bytes), size});
      return static_cast<la_ssize_t>(size);
    } catch (...) {
      output->failure = std::current_exception();
      return -1;
    }
  }
};

TarWriter::TarWriter(base::Sink& sink, Compression compression)
    : output_(std::make_unique<Output>(Output{sink})), archive_(archive_write_new()) {
  LIFEBOAT_CHECK(archive_ != nullptr);
  archive_write_set_format_gnutar(archive_);
  if (compression == Compression::kGzip) {
    archive_write_add_filter_gzip(archive_);
    archive_write_set_filter_option(archive_, "gzip", "timestamp", nullptr);
  }
  archive_write_set_bytes_per_block(archive_, kPieceBytes);
  // A stream: no blocking to a tape's record at the end.
  archive_write_set_bytes_in_last_block(archive_, 1);
  check(archive_write_open(archive_, output_.get(), nullptr, &Output::put, nullptr));
}

TarWriter::~TarWriter() {
  // Freeing closes, and closing writes the end of the archive, unless that is done.
  output_->given_up = true;
  archive_write_free(archive_);
}

void TarWriter::add_folder(const TarEntry& entry) { put_header(entry, AE_IFDIR); }

void TarWriter::add_symlink(const TarEntry& entry, const std::string& target) {
  put_header(entry, AE_IFLNK, Link::kSymbolic, target);
}

void TarWriter::add_hard_link(const TarEntry& entry, const std::string& first_name) {
  put_header(entry, AE_IFREG, Link::kHard, first_name);
}

void TarWriter::begin_file(const TarEntry& entry) {
  put_header(entry, AE_IFREG);
  missing_bytes_ = entry.size_bytes;
}

void TarWriter::write(base::Bytes bytes) {
  LIFEBOAT_CHECK(bytes.size() <= missing_bytes_);
  missing_bytes_ -= bytes.size();
  while (!bytes.empty()) {
    const la_ssize_t count = archive_write_data(archive_, bytes.data(), bytes.size());
    check(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void TarWriter::finish() {
  LIFEBOAT_CHECK(missing_bytes_ == 0);
  check(archive_write_close(archive_));
}

void TarWriter::put_header(const TarEntry& entry, unsigned type, Link link,
                           const std::string& target) {
  LIFEBOAT_CHECK(missing_bytes_ == 0);
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> owned(archive_entry_new(),
                                                                            &archive_entry_free);
  archive_entry* header = owned.get();
  const auto since_epoch = std::chrono::floor<std::chrono::seconds>(entry.modified);
  archive_entry_set_pathname(header, entry.name.c_str());
  archive_entry_set_filetype(header, type);
  archive_entry_set_perm(header, entry.mode);
  archive_entry_set_size(header, static_cast<la_int64_t>(entry.size_bytes));
  archive_entry_set_mtime(header, static_cast<time_t>(since_epoch.time_since_epoch().count()), 0);
  archive_entry_set_uid(header, entry.owner.user_id);
  archive_entry_set_gid(header, entry.owner.group_id);
  if (!entry.user_name.empty()) archive_entry_set_uname(header, entry.user_name.c_str());
  if (!entry.group_name.empty()) archive_entry_set_gname(header, entry.group_name.c_str());
  if (link == Link::kSymbolic) archive_entry_set_symlink(header, target.c_str());
  if (link == Link::kHard) archive_entry_set_hardlink(header, target.c_str());
  check(archive_write_header(archive_, header));
}

void TarWriter::check(long result) {
  if (output_->failure) std::rethrow_exception(output_->failure);
  if (result >= ARCHIVE_OK) return;
  throw base::Error(base::Code::kIo,
                    base::cat("cannot write the archive: ", archive_error_string(archive_)));
}

}  // namespace lifeboat::node
