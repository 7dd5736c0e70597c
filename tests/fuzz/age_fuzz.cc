// Any bytes as an age file and as files of keys: no crash, no loop, and what is accepted survives a
// round trip.
#include <algorithm>
#include <optional>

#include "base/error.h"
#include "buffer_sink.h"
#include "codec/age.h"
#include "codec/age_header.h"
#include "codec/bech32.h"

namespace {

namespace base = lifeboat::base;
namespace codec = lifeboat::codec;

const codec::Identity& identity() {
  static const codec::Identity made = codec::Identity::generate();
  return made;
}

// Its content; nullopt if it is refused.
std::optional<base::Buffer> decrypt(base::Bytes file) {
  codec::Keyring keyring;
  keyring.identities.push_back(identity());
  keyring.passphrase = codec::Secret(3, 'x');
  keyring.scrypt_work_factor_max = 4;
  try {
    base::MemoryStream stream(file);
    codec::AgeDecryptor decryptor(stream, keyring);
    BufferSink content;
    base::copy(decryptor, content, {});
    return content.buffer;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

void check_header(base::Bytes bytes) {
  try {
    const auto end = codec::find_header_end(bytes);
    const base::Bytes header = bytes.first(end.value_or(bytes.size()));
    const std::string written = codec::encode_header(codec::decode_header(header));
    if (written != base::as_text(header)) __builtin_trap();
  } catch (const base::Error&) {
  }
}

void check_keys(std::string_view text) {
  if (const auto decoded = codec::decode_bech32(text)) {
    const auto again = codec::encode_bech32(decoded->prefix, decoded->data);
    if (again.size() != text.size()) __builtin_trap();
  }
  try {
    codec::parse_identities(text);
  } catch (const base::Error&) {
  }
  try {
    codec::parse_recipients(text);
  } catch (const base::Error&) {
  }
}

// Encrypts the input and changes one byte of the file, if told to: it must be refused then. Random
// bytes alone never open.
void check_written(base::Bytes bytes) {
  if (bytes.size() < 3) return;
  const std::size_t damage_at = bytes[0] | std::size_t{bytes[1]} << 8;
  const std::uint8_t damage = bytes[2];
  const base::Bytes content = bytes.subspan(3);
  BufferSink file;
  codec::AgeEncryptor encryptor(file, {identity().recipient()});
  encryptor.write(content);
  encryptor.finish();
  const bool damaged = damage_at < file.buffer.size() && damage != 0;
  if (damaged) file.buffer[damage_at] ^= damage;
  const auto read = decrypt(file.buffer);
  if (damaged == read.has_value()) __builtin_trap();
  if (read && !std::ranges::equal(*read, content)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::Bytes bytes(data, size);
  if (decrypt(bytes)) __builtin_trap();  // nobody knows the key
  check_header(bytes);
  check_keys(base::as_text(bytes));
  check_written(bytes);
  return 0;
}
