#include "codec/age_header.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "codec/raw_base64.h"

namespace lifeboat::codec {
namespace {

using base::Code;
using base::Error;

constexpr std::string_view kAnyVersion = "age-encryption.org/";
constexpr std::string_view kVersionLine = "age-encryption.org/v1\n";
constexpr std::string_view kStanzaStart = "-> ";
constexpr std::string_view kMacStart = "---";
constexpr std::string_view kArmorStart = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::size_t kColumns = 64;  // of a full line of a body

// The lines of a header, each without its end.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::string_view next() {
    const auto end = rest_.find('\n');
    if (end == rest_.npos) throw bad("ends too early");
    ++number_;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  bool at_stanza() const { return rest_.starts_with(kStanzaStart); }
  bool at_end() const { return rest_.empty(); }

  // About the line that next() gave last.
  Error bad(std::string_view why) const {
    return Error(Code::kCorrupt, base::cat("damaged age header: line ", number_, " ", why));
  }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

bool is_visible(char c) { return c > ' ' && c <= '~'; }

std::vector<std::string> decode_arguments(const Lines& lines, std::string_view text) {
  std::vector<std::string> arguments;
  for (;;) {
    const auto end = std::min(text.find(' '), text.size());
    const std::string_view argument = text.substr(0, end);
    if (argument.empty() || !std::ranges::all_of(argument, is_visible)) {
      throw lines.bad("names no kind of recipient, or not properly");
    }
    arguments.emplace_back(argument);
    if (end == text.size()) return arguments;
    text.remove_prefix(end + 1);
  }
}

// Full lines hold whole bytes, so that each can be decoded by itself.
base::Buffer decode_body(Lines& lines) {
  base::Buffer body;
  for (;;) {
    const std::string_view line = lines.next();
    const auto bytes = line.size() <= kColumns ? decode_raw_base64(line) : std::nullopt;
    if (!bytes) throw lines.bad("is not the base64 that age writes");
    body.insert(body.end(), bytes->begin(), bytes->end());
    if (line.size() < kColumns) return body;
  }
}

Stanza decode_stanza(Lines& lines) {
  Stanza stanza;
  stanza.arguments = decode_arguments(lines, lines.next().substr(kStanzaStart.size()));
  stanza.body = decode_body(lines);
  return stanza;
}

Key decode_mac(Lines& lines) {
  const std::string_view line = lines.next();
  if (!line.starts_with(base::cat(kMacStart, ' '))) throw lines.bad("belongs to nothing");
  const auto bytes = decode_raw_base64(line.substr(kMacStart.size() + 1));
  if (!bytes || bytes->size() != kKeyBytes) throw lines.bad("is not the checksum that age writes");
  Key mac;
  std::ranges::copy(*bytes, mac.begin());
  return mac;
}

std::string encode_stanza(const Stanza& stanza) {
  std::string text = base::cat(kStanzaStart, base::join(stanza.arguments, " "), '\n');
  const std::string body = encode_raw_base64(stanza.body);
  // A last line that is full is followed by an empty one.
  for (std::size_t at = 0; at <= body.size(); at += kColumns) {
    text += base::cat(std::string_view(body).substr(at, kColumns), '\n');
  }
  return text;
}

// Whether they are the same as far as they go.
bool may_become(std::string_view text, std::string_view whole) {
  const std::size_t count = std::min(text.size(), whole.size());
  return text.substr(0, count) == whole.substr(0, count);
}

void require_armor_is_off(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  if (!text.substr(begin).starts_with(kArmorStart)) return;
  throw Error(Code::kUnsupported, "an armored age file, which is for e-mail",
              "write it without armor: age -d FILE | age -r age1... >NEW");
}

void require_version(std::string_view text) {
  require_armor_is_off(text);
  if (may_become(text, kVersionLine)) return;
  if (!may_become(text, kAnyVersion)) throw Error(Code::kCorrupt, "no age file");
  const auto end = text.find('\n');
  const std::string_view version = text.substr(kAnyVersion.size(), end - kAnyVersion.size());
  if (version.starts_with("v1") || version.empty() || !is_visible(version.front())) {
    throw Error(Code::kCorrupt, "damaged age header: line 1 names no version");
  }
  throw Error(Code::kUnsupported,
              base::cat("an age file of version ", base::printable(version, 20)),
              "this program knows version v1");
}

}  // namespace

std::string covered_by_mac(const std::vector<Stanza>& stanzas) {
  std::string text(kVersionLine);
  for (const Stanza& stanza : stanzas) text += encode_stanza(stanza);
  return text.append(kMacStart);
}

std::string encode_header(const AgeHeader& header) {
  return base::cat(covered_by_mac(header.stanzas), ' ', encode_raw_base64(header.mac), '\n');
}

// No line of a stanza begins with "---", so the first that does is the last of the header.
std::optional<std::size_t> find_header_end(base::Bytes file) {
  const std::string_view text = base::as_text(file.first(std::min(file.size(), kHeaderBytesMax)));
  require_version(text);
  const auto mac = text.find(base::cat('\n', kMacStart));
  const auto end = mac == text.npos ? mac : text.find('\n', mac + 1);
  if (end != text.npos) return end + 1;
  if (file.size() < kHeaderBytesMax) return std::nullopt;
  throw Error(Code::kCorrupt, "damaged age header: it does not end within 1 MiB");
}

AgeHeader decode_header(base::Bytes header) {
  Lines lines(base::as_text(header));
  if (lines.next() != kVersionLine.substr(0, kVersionLine.size() - 1)) {
    throw lines.bad("names no version");
  }
  AgeHeader result;
  while (lines.at_stanza()) {
    if (result.stanzas.size() == kStanzasMax) {
      throw Error(Code::kUnsupported,
                  base::cat("an age file with more than ", kStanzasMax, " recipients"));
    }
    result.stanzas.push_back(decode_stanza(lines));
  }
  if (result.stanzas.empty()) throw lines.bad("is followed by no recipient");
  result.mac = decode_mac(lines);
  if (!lines.at_end()) throw lines.bad("is not the last one");
  return result;
}

}  // namespace lifeboat::codec
