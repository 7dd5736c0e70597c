#include "etcd/wire.h"

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::etcd {
namespace {

[[noreturn]] void fail(const std::string& message) {
  throw base::Error(base::Code::kCorrupt, message);
}

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

constexpr std::uint64_t kFieldNumberMax = (1U << 29) - 1;

}  // namespace

std::uint64_t WireReader::take_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) fail("a number is cut short");
    const std::uint8_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    // The tenth byte has room for one bit.
    if (shift == 63 && byte > 1) fail("a number of more than 64 bits");
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80) == 0) return value;
  }
  fail("a number of more than 64 bits");
}

base::Bytes WireReader::take(std::uint64_t count) {
  if (count > rest_.size()) fail("a field is cut short");
  const base::Bytes taken = rest_.first(static_cast<std::size_t>(count));
  rest_ = rest_.subspan(static_cast<std::size_t>(count));
  return taken;
}

std::uint64_t WireReader::take_fixed(std::uint64_t count) {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const std::uint8_t byte : take(count)) {
    value |= std::uint64_t{byte} << shift;
    shift += 8;
  }
  return value;
}

std::optional<WireField> WireReader::next() {
  if (rest_.empty()) return std::nullopt;
  const std::uint64_t tag = take_varint();
  const std::uint64_t number = tag >> 3;
  if (number == 0 || number > kFieldNumberMax) fail("an impossible field number");
  WireField field{static_cast<std::uint32_t>(number), false, 0, {}};
  switch (tag & 7) {
    case kVarint:
      field.varint = take_varint();
      return field;
    case kFixed64:
      field.varint = take_fixed(8);
      return field;
    case kFixed32:
      field.varint = take_fixed(4);
      return field;
    case kLengthDelimited:
      field.is_bytes = true;
      field.bytes = take(take_varint());
      return field;
    default:
      fail("a field of unknown type");
  }
}

std::uint64_t varint_of(const WireField& field) {
  if (field.is_bytes) fail(base::cat("field ", field.number, " has the wrong type"));
  return field.varint;
}

base::Bytes bytes_of(const WireField& field) {
  if (!field.is_bytes) fail(base::cat("field ", field.number, " has the wrong type"));
  return field.bytes;
}

void WireWriter::put_varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    message_.push_back(static_cast<std::uint8_t>(value | 0x80));
  }
  message_.push_back(static_cast<std::uint8_t>(value));
}

WireWriter& WireWriter::varint(std::uint32_t number, std::uint64_t value) {
  put_varint(std::uint64_t{number} << 3 | kVarint);
  put_varint(value);
  return *this;
}

WireWriter& WireWriter::bytes(std::uint32_t number, base::Bytes value) {
  put_varint(std::uint64_t{number} << 3 | kLengthDelimited);
  put_varint(value.size());
  message_.insert(message_.end(), value.begin(), value.end());
  return *this;
}

}  // namespace lifeboat::etcd
