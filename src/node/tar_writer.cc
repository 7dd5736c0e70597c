#include "node/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include <exception>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::node {

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

TarWriter::TarWriter(base::Sink& sink)
    : output_(std::make_unique<Output>(Output{sink})), archive_(archive_write_new()) {
  LIFEBOAT_CHECK(archive_ != nullptr);
  archive_write_set_format_pax_restricted(archive_);
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

void TarWriter::put_header(const TarEntry& entry, unsigned type) {
  LIFEBOAT_CHECK(missing_bytes_ == 0);
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> header(archive_entry_new(),
                                                                             &archive_entry_free);
  const auto since_epoch = std::chrono::floor<std::chrono::seconds>(entry.modified);
  const auto seconds = static_cast<time_t>(since_epoch.time_since_epoch().count());
  archive_entry_set_pathname(header.get(), entry.name.c_str());
  archive_entry_set_filetype(header.get(), type);
  archive_entry_set_perm(header.get(), entry.mode);
  archive_entry_set_size(header.get(), static_cast<la_int64_t>(entry.size_bytes));
  archive_entry_set_mtime(header.get(), seconds, 0);
  check(archive_write_header(archive_, header.get()));
}

void TarWriter::check(long result) {
  if (output_->failure) std::rethrow_exception(output_->failure);
  if (result >= ARCHIVE_OK) return;
  throw base::Error(base::Code::kIo,
                    base::cat("cannot write the archive: ", archive_error_string(archive_)));
}

}  // namespace lifeboat::node
