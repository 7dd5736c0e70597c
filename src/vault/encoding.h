// How the files of a backup are stored: as they are, compressed, encrypted, or first the one and
// then the other. Paper: docs/formats/vault.md.
//
// A catalog names for each file what was done to it, in that order ("zstd", "age"); the file's name
// says the same by its endings (".zst", ".age"), so that whoever has only the tools of the field
// knows which to take.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/io.h"
#include "codec/age_keys.h"
#include "codec/zstd_threads.h"
#include "vault/catalog.h"

namespace lifeboat::vault {

inline constexpr std::string_view kEncodingZstd = "zstd";
inline constexpr std::string_view kEncodingAge = "age";

struct Encoding {
  std::optional<codec::ZstdOptions> zstd = {};    // nullopt: not compressed
  std::vector<codec::Recipient> recipients = {};  // none: not encrypted

  bool is_plain() const { return !zstd && recipients.empty(); }
  std::vector<std::string> names() const;  // as a catalog has them
  std::string file_ending() const;         // ".zst.age"; "" for plain
};

// What becomes of the files of one backup.
struct BackupEncoding {
  Encoding snapshot = {};
  // What comes from the node: archives that are compressed already, and the keys of the cluster,
  // which may be for other eyes than its data.
  Encoding node_files = {};

  const Encoding& for_role(std::string_view role) const;
  bool is_plain() const { return snapshot.is_plain() && node_files.is_plain(); }
};

// Whether a file that is stored with these encodings can be read without a key.
bool is_encrypted(const std::vector<std::string>& encoding_names);

// What those encodings append to the plain file's name.
std::string file_ending(const std::vector<std::string>& encoding_names);

// What a file of that name was encoded with, by its endings; none for a plain one.
std::vector<std::string> encoding_of_name(std::string_view file_name);

// Throws kUnsupported if this version can't decode it.
void check_encoding(const std::vector<std::string>& encoding_names);

// The name that a stored file had before anything was done to it.
std::string plain_name(const CatalogFile& file);

// Encodes what is written into `next`, which is borrowed and is finished with it.
class Encoder : public base::Sink {
 public:
  // Throws as codec's sinks do.
  Encoder(base::Sink& next, const Encoding& encoding);
  ~Encoder() override;

  void write(base::Bytes bytes) override { first_->write(bytes); }
  void finish() override { first_->finish(); }

 private:
  std::vector<std::unique_ptr<base::Sink>> stages_;  // each writes to the one before
  base::Sink* first_;
};

// The plain content of `stored`, which is borrowed.
class Decoder : public base::Source {
 public:
  // Reads the head of the file where it is encrypted: throws kDenied if nothing in `keyring` opens
  // it, kUnsupported for an encoding that is not known, kCorrupt. Borrows `keyring` for the call.
  Decoder(base::Source& stored, const std::vector<std::string>& encoding_names,
          const codec::Keyring& keyring);
  ~Decoder() override;

  // Throws kCorrupt as soon as the stored bytes are not what an Encoder made. Only the end of the
  // stream says that it was whole.
  std::size_t read(base::MutableBytes buffer) override { return last_->read(buffer); }

 private:
  std::vector<std::unique_ptr<base::Source>> stages_;  // each reads from the one before
  base::Source* last_;
};

}  // namespace lifeboat::vault
