#include "vault/encoding.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "codec/age.h"

namespace lifeboat::vault {
namespace {

using base::cat;
using base::Code;
using base::Error;

// More than anybody has use for: a catalog may say anything.
constexpr std::size_t kStagesMax = 4;

}  // namespace

std::vector<std::string> Encoding::names() const {
  std::vector<std::string> names;
  if (zstd) names.emplace_back(kEncodingZstd);
  if (!recipients.empty()) names.emplace_back(kEncodingAge);
  return names;
}

std::string Encoding::file_ending() const { return vault::file_ending(names()); }

const Encoding& BackupEncoding::for_role(std::string_view role) const {
  return role == kRoleSnapshot ? snapshot : node_files;
}

bool is_encrypted(const std::vector<std::string>& encoding_names) {
  return std::ranges::count(encoding_names, kEncodingAge) > 0;
}

std::string file_ending(const std::vector<std::string>& encoding_names) {
  std::string ending;
  for (const std::string& name : encoding_names) {
    ending += cat(".", name == kEncodingZstd ? "zst" : name);
  }
  return ending;
}

std::vector<std::string> encoding_of_name(std::string_view file_name) {
  std::vector<std::string> names;
  for (;;) {
    bool found = false;
    for (const std::string_view name : {kEncodingZstd, kEncodingAge}) {
      const std::string ending = file_ending({std::string(name)});
      if (!file_name.ends_with(ending)) continue;
      file_name.remove_suffix(ending.size());
      names.emplace(names.begin(), name);
      found = true;
    }
    if (!found) return names;
  }
}

std::string plain_name(const CatalogFile& file) {
  const std::string ending = file_ending(file.encoding);
  std::string name = file.name;
  if (!ending.empty() && name.ends_with(ending)) name.resize(name.size() - ending.size());
  return name;
}

void check_encoding(const std::vector<std::string>& encoding_names) {
  const bool known = std::ranges::all_of(encoding_names, [](const std::string& name) {
    return name == kEncodingZstd || name == kEncodingAge;
  });
  if (known && encoding_names.size() <= kStagesMax) return;
  throw Error(Code::kUnsupported,
              cat("is encoded in a way that this version does not know: ",
                  base::printable(base::join(encoding_names, ", "))),
              "use the lifeboat that made the backup, or a newer one");
}

Encoder::Encoder(base::Sink& next, const Encoding& encoding) : first_(&next) {
  const auto put_before = [this](std::unique_ptr<base::Sink> stage) {
    first_ = stages_.emplace_back(std::move(stage)).get();
  };
  if (!encoding.recipients.empty()) {
    put_before(std::make_unique<codec::AgeEncryptor>(*first_, encoding.recipients));
  }
  if (encoding.zstd) put_before(codec::make_zstd_compressor(*first_, *encoding.zstd));
}

Encoder::~Encoder() = default;

Decoder::Decoder(base::Source& stored, const std::vector<std::string>& encoding_names,
                 const codec::Keyring& keyring)
    : last_(&stored) {
  check_encoding(encoding_names);
  for (auto name = encoding_names.rbegin(); name != encoding_names.rend(); ++name) {
    if (*name == kEncodingAge) {
      stages_.push_back(std::make_unique<codec::AgeDecryptor>(*last_, keyring));
    } else {
      stages_.push_back(std::make_unique<codec::ZstdDecompressor>(*last_));
    }
    last_ = stages_.back().get();
  }
}

Decoder::~Decoder() = default;

}  // namespace lifeboat::vault
