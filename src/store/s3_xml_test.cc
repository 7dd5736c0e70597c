#include "store/s3_xml.h"

#include <gtest/gtest.h>

#include "testing/error_of.h"

namespace lifeboat::store {
namespace {

const std::string kError =
    "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x -->\n"
    "<s:Error xmlns:s='http://s3'><Code>NoSuchKey</Code>"
    "<Message a=\"1\" b='2>'>a &lt;b&gt; "
    "&amp;&#65;&#x20AC;<![CDATA[<c>]]></Message><Empty/></s:Error >";

TEST(S3Xml, ReadsWhatServersAnswer) {
  const XmlElement root = parse_xml(kError);
  EXPECT_EQ(root.name, "Error");
  EXPECT_EQ(root.text_of("Code"), "NoSuchKey");
  EXPECT_EQ(root.text_of("Message"), "a <b> &A\xE2\x82\xAC<c>");
  ASSERT_EQ(root.children.size(), 3U);
  EXPECT_EQ(root.text_of("Empty"), "");
  EXPECT_EQ(root.find("None"), nullptr);
}

TEST(S3Xml, ReadsBackWhatWasEscaped) {
  const std::string odd = "<a href=\"x\"> & 'y' ]]>";
  EXPECT_EQ(parse_xml("<k>" + escape_xml(odd) + "</k>").text, odd);
}

TEST(S3Xml, RefusesNearMisses) {
  for (const std::string text : {"",
                                 " ",
                                 "text",
                                 "<a>",
                                 "<a></b>",
                                 "<a/><b/>",
                                 "<a/>x",
                                 "<a",
                                 "<a b></a>",
                                 "<a b=c></a>",
                                 "<a>&lt</a>",
                                 "<a>&nbsp;</a>",
                                 "<a>&#;</a>",
                                 "<a>&#x110000;</a>",
                                 "<a>&#0;</a>",
                                 "<a>&#xD800;</a>",
                                 "<a><b></a></b>",
                                 "<>x</>",
                                 "<a></a",
                                 "<!DOCTYPE a><a/>",
                                 "<a><![CDATA[x</a>",
                                 "<a><!-- </a>",
                                 "<a>&;</a>",
                                 "<n:/>",
                                 "<n:?a/>",
                                 "<!a/>",
                                 "<n:m:a/>",
                                 "<a>&#12x;</a>"}) {
    EXPECT_EQ(testing::error_of([&] { parse_xml(text); }).code(), base::Code::kCorrupt) << text;
  }
}

TEST(S3Xml, BoundsDepthAndNumber) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "<a>";
    for (int i = 0; i < depth; ++i) text += "</a>";
    return text;
  };
  EXPECT_NO_THROW(parse_xml(nested(16)));
  EXPECT_EQ(testing::error_of([&] { parse_xml(nested(17)); }).code(), base::Code::kCorrupt);
  std::string many = "<a>";
  for (int i = 0; i < 200'000; ++i) many += "<b/>";
  EXPECT_EQ(testing::error_of([&] { parse_xml(many + "</a>"); }).code(), base::Code::kCorrupt);
}

TEST(S3Xml, SurvivesEveryCutAndEveryChangedByte) {
  for (std::size_t i = 0; i < kError.size(); ++i) {
    EXPECT_THROW(parse_xml(kError.substr(0, i)), base::Error) << i;
    for (const char c : {'<', '>', '&', '/', '"', '\0', 'x'}) {
      std::string changed = kError;
      changed[i] = c;
      try {
        parse_xml(changed);
      } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::Code::kCorrupt);
      }
    }
  }
}

}  // namespace
}  // namespace lifeboat::store
