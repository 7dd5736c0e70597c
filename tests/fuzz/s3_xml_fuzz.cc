// Any bytes as an answer of S3 or of STS: no crash, no loop, and what is accepted survives a round
// trip.
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "store/s3_credentials.h"
#include "store/s3_error.h"
#include "store/s3_xml.h"

namespace {

namespace base = lifeboat::base;
namespace store = lifeboat::store;

std::string written(const store::XmlElement& element) {
  std::string text = base::cat("<", element.name, ">", store::escape_xml(element.text));
  for (const store::XmlElement& child : element.children) text += written(child);
  return base::cat(text, "</", element.name, ">");
}

bool is_same(const store::XmlElement& one, const store::XmlElement& other) {
  if (one.name != other.name || one.text != other.text) return false;
  if (one.children.size() != other.children.size()) return false;
  for (std::size_t i = 0; i < one.children.size(); ++i) {
    if (!is_same(one.children[i], other.children[i])) return false;
  }
  return true;
}

void check_tree(std::string_view text) {
  try {
    const store::XmlElement tree = store::parse_xml(text);
    if (!is_same(tree, store::parse_xml(written(tree)))) __builtin_trap();
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kCorrupt) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = base::as_text(base::Bytes(data, size));
  check_tree(text);
  store::read_refusal(403, text);
  try {
    store::parse_assumed_role(text);
  } catch (const base::Error&) {
  }
  try {
    store::parse_shared_credentials(text, "default");
  } catch (const base::Error&) {
  }
  return 0;
}
