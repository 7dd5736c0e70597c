#include "base/json.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::base {
namespace {

// "" if `text` parses, otherwise what is wrong with it.
std::string problem_of(std::string_view text) {
  try {
    Json::parse(text);
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kCorrupt);
    return error.what();
  }
}

std::string nested(std::size_t depth, char open, char close) {
  return std::string(depth, open) + std::string(depth, close);
}

TEST(JsonParse, ReadsEveryKindOfValue) {
  const Json json = Json::parse(
      R"( {"null": null, "yes": true, "no": false, "int": -5, "uint": 18446744073709551615,
           "double": 1.5, "text": "a\n\u00e4\ud83d\ude00", "array": [1, [], {}], "": {"x": ""}} )");
  EXPECT_TRUE(json.find("null")->is_null());
  EXPECT_EQ(json.find("yes")->as_bool(), true);
  EXPECT_EQ(json.find("no")->as_bool(), false);
  EXPECT_EQ(json.find("int")->as_int(), -5);
  EXPECT_EQ(json.find("uint")->as_uint(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(json.find("double")->as_double(), 1.5);
  EXPECT_EQ(*json.find("text")->as_string(), "a\nä😀");
  EXPECT_EQ(json.find("array")->as_array()->size(), 3u);
  EXPECT_EQ(*json.find("")->find("x")->as_string(), "");
  EXPECT_EQ(json.find("absent"), nullptr);
}

TEST(JsonParse, AcceptsWhatIsUnusualButValid) {
  for (const std::string_view text :
       {"0", "-0", "\"\"", "[]", "{}", "null", " \t\r\n1\n", "1e3", "1E-3", "-1.25e+2",
        "\"\\u0000\\/\\b\\f\"", "{\"a\":{\"a\":1}}", "[{\"a\":1},{\"a\":2}]"}) {
    EXPECT_EQ(problem_of(text), "") << text;
  }
}

TEST(JsonParse, RefusesNearMisses) {
  for (const std::string_view text :
       {"",           " ",          "nul",       "True",       "01",      "+1",          ".5",
        "1.",         "1e",         "0x10",      "--1",        "NaN",     "Infinity",    "1e400",
        "'a'",        "\"a",        "\"\\x\"",   "\"\\u12\"",  "\"\n\"",  "\"\\ud83d\"", "[1,]",
        "[,1]",       "[1 2]",      "[1",        "]",          "{\"a\"}", "{\"a\":}",    "{a:1}",
        "{\"a\":1,}", "{1:1}",      "{\"a\":1",  "{\"a\":1}}", "1 2",     "[] []",       "// a\n1",
        "/* */ 1",    "{\"a\":1}x", "{\"a\" 1}", "[1}",        "{]"}) {
    EXPECT_NE(problem_of(text), "") << text;
  }
}

// Where a file was not written to its end, a disk may show zeros.
TEST(JsonParse, RefusesZeroBytesAnywhere) {
  const std::string whole = R"({"a": [1, "x"]})";
  for (std::size_t position = 0; position <= whole.size(); ++position) {
    std::string damaged = whole;
    damaged.insert(position, 1, '\0');
    EXPECT_EQ(problem_of(damaged), cat("not valid JSON: syntax error at byte ", position + 1));
  }
}

TEST(JsonParse, RefusesTextThatIsNotUtf8) {
  for (const std::string_view bad : {"\x80", "\xC0\x80", "\xC3", "\xC3(", "\xED\xA0\x80", "\xFF",
                                     "\xF4\x90\x80\x80", "\xE0\x80\x80", "\xF0\x80\x80\x80"}) {
    EXPECT_NE(problem_of(cat("\"", bad, "\"")), "") << bad;
    EXPECT_NE(problem_of(cat("{\"", bad, "\":1}")), "") << bad;
  }
}

TEST(JsonParse, RefusesDuplicateNamesAtAnyLevel) {
  EXPECT_EQ(problem_of(R"({"a": 1, "b": 2, "a": 3})"), "not valid JSON: duplicate name \"a\"");
  EXPECT_NE(problem_of(R"([{"x": {"a": 1, "\u0061": 1}}])"), "");
  EXPECT_EQ(problem_of(R"({"a\nb": 1, "a\nb": 3})"), "not valid JSON: duplicate name \"a?b\"");
}

TEST(JsonParse, RefusesNestingDeeperThanSixtyFour) {
  EXPECT_EQ(problem_of(nested(64, '[', ']')), "");
  EXPECT_EQ(problem_of(nested(65, '[', ']')), "not valid JSON: nested too deep");
  EXPECT_NE(problem_of(std::string(1 << 20, '[')), "");
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_NE(problem_of(objects), "");
}

TEST(JsonParse, NamesTheByteOfASyntaxError) {
  EXPECT_EQ(problem_of("[1,x]"), "not valid JSON: syntax error at byte 4");
}

TEST(JsonParse, SurvivesBeingCutAtEveryByte) {
  const std::string whole =
      R"({"id": "2026", "etcd": {"revision": 12, "x": [1.5e3, true, null, "\u00e4ö"]}, "z": []})";
  ASSERT_EQ(problem_of(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(problem_of(whole.substr(0, size)), "") << size;
  }
}

TEST(JsonParse, SurvivesAnyChangedByte) {
  const std::string whole = R"({"a": [1, -2.5e1, "x\n\u00e4"], "b": {"c": null, "d": false}})";
  for (std::size_t position = 0; position < whole.size(); ++position) {
    for (int value = 0; value < 256; ++value) {
      std::string damaged = whole;
      damaged[position] = static_cast<char>(value);
      if (problem_of(damaged).empty()) {
        const std::string once = Json::parse(damaged).dump(0);
        EXPECT_EQ(Json::parse(once).dump(0), once);
      }
    }
  }
}

// What looks every name up among all others takes minutes for this.
TEST(JsonParse, TakesNoMoreTimeForManyMembers) {
  std::string text = "{";
  for (int i = 0; i < 300000; ++i) text += cat(i == 0 ? "" : ",", "\"", i, "\":0");
  text += "}";
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(Json::parse(text).dump(0), text);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
}

TEST(JsonNumbers, ConvertOnlyWhereTheyFit) {
  constexpr auto kIntMax = std::numeric_limits<std::int64_t>::max();
  struct Case {
    std::string_view text;
    std::optional<std::int64_t> as_int;
    std::optional<std::uint64_t> as_uint;
  };
  const Case cases[] = {
      {"0", 0, 0},
      {"7", 7, 7},
      {"-7", -7, {}},
      {"9223372036854775807", kIntMax, kIntMax},
      {"9223372036854775808", {}, 9223372036854775808u},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min(), {}},
      {"18446744073709551615", {}, std::numeric_limits<std::uint64_t>::max()},
      {"18446744073709551616", {}, {}},
      {"-9223372036854775809", {}, {}},
      {"99999999999999999999999999999999999999999999", {}, {}},
      {"1.0", {}, {}},
      {"1e3", {}, {}},
      {"true", {}, {}},
      {"\"7\"", {}, {}},
      {"null", {}, {}},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(Json::parse(test.text).as_int(), test.as_int) << test.text;
    EXPECT_EQ(Json::parse(test.text).as_uint(), test.as_uint) << test.text;
  }
}

TEST(JsonNumbers, AllReadAsDoubles) {
  EXPECT_EQ(Json::parse("7").as_double(), 7.0);
  EXPECT_EQ(Json::parse("-7").as_double(), -7.0);
  EXPECT_EQ(Json::parse("18446744073709551616").as_double(), 18446744073709551616.0);
  EXPECT_EQ(Json("7").as_double(), std::nullopt);
  EXPECT_EQ(Json(5).as_uint(), 5u);
  EXPECT_EQ(Json(std::uint64_t{5}).as_int(), 5);
}

TEST(JsonTypes, AnswerForThemselvesOnly) {
  const Json text("1");
  EXPECT_EQ(text.as_bool(), std::nullopt);
  EXPECT_EQ(text.as_array(), nullptr);
  EXPECT_EQ(text.as_object(), nullptr);
  EXPECT_EQ(text.find("1"), nullptr);
  EXPECT_FALSE(text.is_null());
  EXPECT_EQ(Json(true).as_int(), std::nullopt);
  EXPECT_EQ(Json(1).as_string(), nullptr);
  EXPECT_TRUE(Json().is_null());
}

TEST(JsonDump, KeepsTheOrderOfMembers) {
  Json json = Json::object();
  json.set("z", 1).set("a", Json::strings({"x", "y"})).set("m", Json::object());
  EXPECT_EQ(json.dump(0), R"({"z":1,"a":["x","y"],"m":{}})");
  json.set("z", "new");
  EXPECT_EQ(json.dump(0), R"({"z":"new","a":["x","y"],"m":{}})");
  EXPECT_EQ(json.dump(),
            "{\n  \"z\": \"new\",\n  \"a\": [\n    \"x\",\n    \"y\"\n  ],\n  \"m\": {}\n}");
}

TEST(JsonDump, EscapesWhatMustNotStandInAString) {
  EXPECT_EQ(Json(std::string_view("\"\\\n\0\x1b", 5)).dump(), R"("\"\\\n\u0000\u001b")");
  EXPECT_EQ(Json("ä😀").dump(), "\"ä😀\"");
  EXPECT_EQ(Json("a\xFF"
                 "b")
                .dump(),
            "\"a\xEF\xBF\xBD"
            "b\"");
}

TEST(JsonDump, WritesNumbersThatReadBackTheSame) {
  for (const double value : {0.1, 1.5, -2.5e-300, 1e300, 1.0 / 3, 5e-324}) {
    EXPECT_EQ(Json::parse(Json(value).dump()).as_double(), value);
  }
  EXPECT_EQ(Json(std::numeric_limits<std::int64_t>::min()).dump(), "-9223372036854775808");
  EXPECT_EQ(Json(std::numeric_limits<std::uint64_t>::max()).dump(), "18446744073709551615");
  EXPECT_EQ(Json(std::nan("")).dump(), "null");
}

// Values of all kinds, from a small generator so that a failure repeats itself.
class JsonMaker {
 public:
  Json make(int depth) {
    switch (next() % (depth > 0 ? 8 : 6)) {
      case 0:
        return {};
      case 1:
        return next() % 2 == 0;
      case 2:
        return static_cast<std::int64_t>(next());
      case 3:
        return next();
      case 4:
        return static_cast<double>(static_cast<std::int64_t>(next())) / 1024;
      case 5:
        return text();
      case 6:
        return make_array(depth);
      default:
        return make_object(depth);
    }
  }

 private:
  std::uint64_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 1;
  }

  std::string text() {
    constexpr std::string_view kPieces[] = {"a", "\"", "\\", "\n", "\x01", "ä", "😀", " ", "/"};
    std::string result;
    while (next() % 5 != 0) result += kPieces[next() % std::size(kPieces)];
    return result;
  }

  Json make_array(int depth) {
    Json array = Json::array();
    while (next() % 4 != 0) array.push(make(depth - 1));
    return array;
  }

  Json make_object(int depth) {
    Json object = Json::object();
    while (next() % 4 != 0) object.set(text(), make(depth - 1));
    return object;
  }

  std::uint64_t state_ = 42;
};

TEST(JsonDump, RoundTripsWhateverTheValueAndTheIndent) {
  JsonMaker maker;
  for (int i = 0; i < 2000; ++i) {
    const Json json = maker.make(5);
    const std::string line = json.dump(0);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(Json::parse(line).dump(0), line);
    EXPECT_EQ(Json::parse(json.dump(2)).dump(0), line);
  }
}

TEST(JsonDeathTest, MembersAreForObjectsAndElementsForArrays) {
  EXPECT_DEATH(Json(1).set("a", 1), "object != nullptr");
  EXPECT_DEATH(Json::object().push(1), "array != nullptr");
}

}  // namespace
}  // namespace lifeboat::base
