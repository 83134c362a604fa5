#include "penstock/metadata/filter/filter_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::metadata::filter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Refusal {
  NodeKind kind;
  std::string query;
  std::string message;
};

// What ML Metadata 1.17.1 answered to these queries.
const Refusal kRefusals[] = {
    {NodeKind::kArtifact, R"q(id)q", R"q(Given query string is not a valid boolean expression: id)q"},
    {NodeKind::kArtifact, R"q(id =)q", R"q(Syntax error: Unexpected end of expression [at 1:5])q"},
    {NodeKind::kArtifact, R"q(id = 1 AND)q", R"q(Syntax error: Unexpected end of expression [at 1:11])q"},
    {NodeKind::kArtifact, R"q(AND id = 1)q", R"q(Syntax error: Unexpected keyword AND [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id = 1 id)q",
     R"q(Syntax error: Expected end of input but got identifier "id" [at 1:8])q"},
    {NodeKind::kArtifact, R"q(id = 1 'x')q",
     R"q(Syntax error: Expected end of input but got string literal 'x' [at 1:8])q"},
    {NodeKind::kArtifact, R"q(id = 1 2)q",
     R"q(Syntax error: Expected end of input but got integer literal "2" [at 1:8])q"},
    {NodeKind::kArtifact, R"q(id = 1))q", R"q(Syntax error: Expected end of input but got ")" [at 1:7])q"},
    {NodeKind::kArtifact, R"q((id = 1)q",
     R"q(Syntax error: Parenthesized expression cannot be parsed as an expression, struct constructor, or subquery [at 1:2])q"},
    {NodeKind::kArtifact, R"q(((id = 1))q",
     R"q(Syntax error: Parenthesized expression cannot be parsed as an expression, struct constructor, or subquery [at 1:2])q"},
    {NodeKind::kArtifact, R"q(id = 1;)q", R"q(Syntax error: Expected end of input but got ";" [at 1:7])q"},
    {NodeKind::kArtifact, R"q(id = = 1)q", R"q(Syntax error: Unexpected "=" [at 1:6])q"},
    {NodeKind::kArtifact, R"q(id == 1)q", R"q(Syntax error: Unexpected "=" [at 1:5])q"},
    {NodeKind::kArtifact, R"q(id ! 1)q", R"q(Syntax error: Illegal input character "!" [at 1:4])q"},
    {NodeKind::kArtifact, R"q(not id)q",
     R"q(No matching signature for operator NOT for argument types: INT64. Supported signature: NOT (BOOL) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id = 1 OR OR id = 2)q", R"q(Syntax error: Unexpected keyword OR [at 1:11])q"},
    {NodeKind::kArtifact, R"q(id IN 1)q",
     R"q(Syntax error: Expected "(" or keyword UNNEST but got integer literal "1" [at 1:7])q"},
    {NodeKind::kArtifact, R"q(id IN (1,))q", R"q(Syntax error: Unexpected ")" [at 1:10])q"},
    {NodeKind::kArtifact, R"q(id IN (1, 'a'))q",
     R"q(No matching signature for operator IN for argument types INT64 and {INT64, STRING} [at 1:4])q"},
    {NodeKind::kArtifact, R"q(id IN ('a'))q",
     R"q(No matching signature for operator IN for argument types INT64 and {STRING} [at 1:4])q"},
    {NodeKind::kArtifact, R"q(name IN ('foo', 1))q",
     R"q(No matching signature for operator IN for argument types STRING and {INT64, STRING} [at 1:6])q"},
    {NodeKind::kArtifact, R"q(id NOT 1)q",
     R"q(Syntax error: Expected end of input but got keyword NOT [at 1:4])q"},
    {NodeKind::kArtifact, R"q(id IS 1)q",
     R"q(Syntax error: Expected keyword FALSE or keyword NULL or keyword TRUE or keyword UNKNOWN but got integer literal "1" [at 1:7])q"},
    {NodeKind::kArtifact, R"q(id IS TRUE)q",
     R"q(No matching signature for operator IS TRUE for argument types: INT64. Supported signature: (BOOL) IS TRUE [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id BETWEEN 1 AND)q",
     R"q(Syntax error: Unexpected end of expression [at 1:17])q"},
    {NodeKind::kArtifact, R"q(id BETWEEN 'a' AND 3)q",
     R"q(No matching signature for operator BETWEEN for argument types: INT64, STRING, INT64. Supported signature: (ANY) BETWEEN (ANY) AND (ANY) [at 1:4])q"},
    {NodeKind::kArtifact, R"q(name LIKE 1)q",
     R"q(No matching signature for operator LIKE for argument types: STRING, INT64. Supported signatures: STRING LIKE STRING; BYTES LIKE BYTES [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id LIKE 'a')q",
     R"q(No matching signature for operator LIKE for argument types: INT64, STRING. Supported signatures: STRING LIKE STRING; BYTES LIKE BYTES [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id + 'a' = 1)q",
     R"q(No matching signature for operator + for argument types: INT64, STRING. Supported signatures: INT64 + INT64; UINT64 + UINT64; DOUBLE + DOUBLE [at 1:1])q"},
    {NodeKind::kArtifact, R"q(- 'a' = 1)q",
     R"q(No matching signature for operator - for argument types: STRING. Supported signatures: -(INT32); -(INT64); -(FLOAT); -(DOUBLE) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id || 'a' = '1a')q",
     R"q(No matching signature for operator || for argument types: INT64, STRING. Supported signatures: STRING || STRING; BYTES || BYTES; ARRAY || ARRAY [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id % 2 = 1)q", R"q(Syntax error: Illegal input character "%" [at 1:4])q"},
    {NodeKind::kArtifact, R"q(NULL)q", R"q(Given query string is not a valid boolean expression: NULL)q"},
    {NodeKind::kArtifact, R"q(id = NULL)q", R"q(Operands of = cannot be literal NULL [at 1:6])q"},
    {NodeKind::kArtifact, R"q(id = 99999999999999999999)q",
     R"q(Invalid integer literal: 99999999999999999999 [at 1:6])q"},
    {NodeKind::kArtifact, R"q(name = 'foo)q", R"q(Syntax error: Unclosed string literal [at 1:8])q"},
    {NodeKind::kArtifact, R"q(name = b'foo')q",
     R"q(No matching signature for operator = for argument types: STRING, BYTES. Supported signatures: ANY = ANY; INT64 = UINT64; UINT64 = INT64 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(name = 'f\q')q", R"q(Syntax error: Illegal escape sequence: \q [at 1:10])q"},
    {NodeKind::kArtifact, R"q(`name = 'foo')q", R"q(Syntax error: Unclosed identifier literal [at 1:1])q"},
    {NodeKind::kArtifact, R"q(`` = 'foo')q", R"q(Syntax error: Invalid empty identifier [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id = 1 /* c)q", R"q(Syntax error: Unclosed comment [at 1:8])q"},
    {NodeKind::kArtifact, R"q(@p = 1)q", R"q(Query parameter 'p' not found [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id = ?)q", R"q(Positional parameters are not supported [at 1:6])q"},
    {NodeKind::kArtifact, R"q(id = 1 AND name)q",
     R"q(No matching signature for operator AND for argument types: BOOL, STRING. Supported signature: BOOL AND ([BOOL, ...]) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id AND TRUE)q",
     R"q(No matching signature for operator AND for argument types: INT64, BOOL. Supported signature: BOOL AND ([BOOL, ...]) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(name OR TRUE)q",
     R"q(No matching signature for operator OR for argument types: STRING, BOOL. Supported signature: BOOL OR ([BOOL, ...]) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(NOT name)q",
     R"q(No matching signature for operator NOT for argument types: STRING. Supported signature: NOT (BOOL) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id < 1 < 2)q", R"q(Syntax error: Unexpected "<" [at 1:8])q"},
    {NodeKind::kArtifact, R"q(id = name)q",
     R"q(No matching signature for operator = for argument types: INT64, STRING. Supported signatures: ANY = ANY; INT64 = UINT64; UINT64 = INT64 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id > 'a')q",
     R"q(No matching signature for operator > for argument types: INT64, STRING. Supported signatures: ANY > ANY; INT64 > UINT64; UINT64 > INT64 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(contexts_0 = 1)q", R"q(Unrecognized name: contexts_0 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(contexts_0 IS NULL)q", R"q(Unrecognized name: contexts_0 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(contexts_0.name)q",
     R"q(Given query string is not a valid boolean expression: contexts_0.name)q"},
    {NodeKind::kArtifact, R"q(contexts_0.id = 'a')q",
     R"q(No matching signature for operator = for argument types: INT64, STRING. Supported signatures: ANY = ANY; INT64 = UINT64; UINT64 = INT64 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(contexts_0.foo = 1)q",
     R"q(Field name foo does not exist in STRUCT<id INT64, name STRING, type STRING, ...> [at 1:12])q"},
    {NodeKind::kArtifact, R"q(contexts_0.id.bar = 1)q",
     R"q(Cannot access field bar on a value with type INT64 [at 1:15])q"},
    {NodeKind::kArtifact, R"q(properties.p0 = 1)q", R"q(Unrecognized name: properties [at 1:1])q"},
    {NodeKind::kArtifact, R"q(properties.p0.int_value)q",
     R"q(Given query string is not a valid boolean expression: properties.p0.int_value)q"},
    {NodeKind::kArtifact, R"q(properties.p0.int_value = 'a')q",
     R"q(No matching signature for operator = for argument types: INT64, STRING. Supported signatures: ANY = ANY; INT64 = UINT64; UINT64 = INT64 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(properties.p0.string_value = 1)q",
     R"q(No matching signature for operator = for argument types: STRING, INT64. Supported signatures: ANY = ANY; INT64 = UINT64; UINT64 = INT64 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(properties.p0.bool_value = 1)q",
     R"q(No matching signature for operator = for argument types: BOOL, INT64. Supported signatures: ANY = ANY; INT64 = UINT64; UINT64 = INT64 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(properties.p0.proto_value = 1)q",
     R"q(Unrecognized name: properties [at 1:1])q"},
    {NodeKind::kArtifact, R"q(properties)q", R"q(Unrecognized name: properties [at 1:1])q"},
    {NodeKind::kArtifact, R"q(events_0.type = 3)q", R"q(Unsupported enum value specified in the query: 3)q"},
    {NodeKind::kArtifact, R"q(state = 2)q", R"q(Unsupported enum value specified in the query: 2)q"},
    {NodeKind::kArtifact, R"q(state = live)q", R"q(Unsupported enum value specified in the query: live)q"},
    {NodeKind::kArtifact, R"q(state IN LIVE)q",
     R"q(Expected a list of enum values enclosed in parentheses but got LIVE)q"},
    {NodeKind::kArtifact, R"q(state > LIVE)q", R"q(Unrecognized name: LIVE [at 1:9])q"},
    {NodeKind::kArtifact, R"q($ = 1)q", R"q(Syntax error: Illegal input character "$" [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id = 1 $)q", R"q(Syntax error: Illegal input character "$" [at 1:8])q"},
    {NodeKind::kArtifact, R"q(id = 1 !)q", R"q(Syntax error: Illegal input character "!" [at 1:8])q"},
    {NodeKind::kArtifact, R"q(id = 1, 2)q", R"q(Syntax error: Expected end of input but got "," [at 1:7])q"},
    {NodeKind::kArtifact, R"q(id = 1 LIMIT 5)q",
     R"q(Syntax error: Expected end of input but got keyword LIMIT [at 1:8])q"},
    {NodeKind::kArtifact, R"q(SELECT 1)q", R"q(Syntax error: Unexpected keyword SELECT [at 1:1])q"},
    {NodeKind::kArtifact, R"q(select)q", R"q(Syntax error: Unexpected keyword SELECT [at 1:1])q"},
    {NodeKind::kArtifact, R"q(from)q", R"q(Syntax error: Unexpected keyword FROM [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id = 1 FROM x)q",
     R"q(Syntax error: Expected end of input but got keyword FROM [at 1:8])q"},
    {NodeKind::kArtifact, R"q(foo.bar = 1)q", R"q(Unrecognized name: foo [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id.x = 1)q", R"q(Cannot access field x on a value with type INT64 [at 1:4])q"},
    {NodeKind::kArtifact, R"q(name.x.y = 1)q",
     R"q(Cannot access field x on a value with type STRING [at 1:6])q"},
    {NodeKind::kArtifact, R"q(foo(1)q", R"q(Syntax error: Expected ")" but got end of expression [at 1:6])q"},
    {NodeKind::kArtifact, R"q(foo())q", R"q(Function not found: foo [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id IS UNKNOWN)q",
     R"q(Operand of IS UNKNOWN must be coercible to BOOL, but has type INT64 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id IS NOT)q",
     R"q(Syntax error: Expected keyword FALSE or keyword NULL or keyword TRUE or keyword UNKNOWN but got end of expression [at 1:10])q"},
    {NodeKind::kArtifact, R"q(id IS)q",
     R"q(Syntax error: Expected keyword FALSE or keyword NULL or keyword TRUE or keyword UNKNOWN but got end of expression [at 1:6])q"},
    {NodeKind::kArtifact, R"q(id IS NOT DISTINCT FROM 1)q",
     R"q(IS DISTINCT FROM is not supported [at 1:11])q"},
    {NodeKind::kArtifact, R"q(name COLLATE 'x')q",
     R"q(Syntax error: Expected end of input but got keyword COLLATE [at 1:6])q"},
    {NodeKind::kArtifact, R"q(())q", R"q(Syntax error: Unexpected ")" [at 1:2])q"},
    {NodeKind::kArtifact, R"q((id = 1)))q", R"q(Syntax error: Expected end of input but got ")" [at 1:9])q"},
    {NodeKind::kArtifact, R"q(id IN)q",
     R"q(Syntax error: Expected "(" or keyword UNNEST but got end of expression [at 1:6])q"},
    {NodeKind::kArtifact, R"q(id IN (1, 2)q",
     R"q(Syntax error: Expected ")" or "," but got end of expression [at 1:12])q"},
    {NodeKind::kArtifact, R"q(foo(1 2))q",
     R"q(Syntax error: Expected ")" but got integer literal "2" [at 1:7])q"},
    {NodeKind::kArtifact, R"q(LENGTH(name)q",
     R"q(Syntax error: Expected ")" but got end of expression [at 1:12])q"},
    {NodeKind::kArtifact, R"q(LENGTH(name name))q",
     R"q(Syntax error: Expected ")" but got identifier "name" [at 1:13])q"},
    {NodeKind::kArtifact, R"q(LENGTH(id) = 1)q",
     R"q(No matching signature for function LENGTH for argument types: INT64. Supported signatures: LENGTH(STRING); LENGTH(BYTES) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(LENGTH() = 1)q",
     R"q(No matching signature for function LENGTH with no arguments. Supported signatures: LENGTH(STRING); LENGTH(BYTES) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(LENGTH(name, name) = 1)q",
     R"q(No matching signature for function LENGTH for argument types: STRING, STRING. Supported signatures: LENGTH(STRING); LENGTH(BYTES) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(LOWER(id) = 'a')q",
     R"q(No matching signature for function LOWER for argument types: INT64. Supported signatures: LOWER(STRING); LOWER(BYTES) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(ABS(name) = 1)q",
     R"q(No matching signature for function ABS for argument types: STRING. Supported signatures: ABS(INT32); ABS(INT64); ABS(UINT32); ABS(UINT64); ABS(FLOAT); ABS(DOUBLE) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(COALESCE(id, 'a') = 1)q",
     R"q(No matching signature for function COALESCE for argument types: INT64, STRING. Supported signature: COALESCE([ANY, ...]) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(IF(id, 1, 2) = 1)q",
     R"q(No matching signature for function IF for argument types: INT64, INT64, INT64. Supported signature: IF(BOOL, ANY, ANY) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(MOD(id, 'a') = 1)q",
     R"q(No matching signature for function MOD for argument types: INT64, STRING. Supported signatures: MOD(INT64, INT64); MOD(UINT64, UINT64) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(contexts_A.id = 1 OR contexts_a.id = 2)q",
     R"q(Duplicate expression column name contexts_a)q"},
    {NodeKind::kArtifact, R"q(properties.p0.int_value = 1 OR properties.p0.foo = 1)q",
     R"q(Field name foo does not exist in STRUCT<int_value INT64, double_value DOUBLE, string_value STRING, ...> [at 1:46])q"},
    {NodeKind::kArtifact, R"q(id .name = 1)q",
     R"q(Cannot access field name on a value with type INT64 [at 1:5])q"},
    {NodeKind::kArtifact, R"q(name = 'a' 'b')q",
     R"q(Syntax error: Expected end of input but got string literal 'b' [at 1:12])q"},
    {NodeKind::kArtifact, R"q(name = 'a'.b)q",
     R"q(Cannot access field b on a value with type STRING [at 1:12])q"},
    {NodeKind::kArtifact, R"q(1.5.foo = 1)q",
     R"q(Cannot access field foo on a value with type DOUBLE [at 1:5])q"},
    {NodeKind::kArtifact, R"q(id = 1abc)q",
     R"q(Syntax error: Missing whitespace between literal and alias [at 1:7])q"},
    {NodeKind::kArtifact, R"q(id = 1x)q",
     R"q(Syntax error: Missing whitespace between literal and alias [at 1:7])q"},
    {NodeKind::kArtifact, R"q(- 1)q", R"q(Given query string is not a valid boolean expression: - 1)q"},
    {NodeKind::kArtifact, R"q(id--1 = 2)q",
     R"q(Given query string is not a valid boolean expression: id--1 = 2)q"},
    {NodeKind::kArtifact, R"q(NOT NULL)q", R"q(Operands of NOT cannot be literal NULL [at 1:5])q"},
    {NodeKind::kArtifact, R"q(id + NULL = 1)q", R"q(Operands of + cannot be literal NULL [at 1:6])q"},
    {NodeKind::kArtifact, R"q((id = 1) = 1)q",
     R"q(No matching signature for operator = for argument types: BOOL, INT64. Supported signatures: ANY = ANY; INT64 = UINT64; UINT64 = INT64 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id = TRUE)q",
     R"q(No matching signature for operator = for argument types: INT64, BOOL. Supported signatures: ANY = ANY; INT64 = UINT64; UINT64 = INT64 [at 1:1])q"},
    {NodeKind::kArtifact, R"q(TRUE AND 1)q",
     R"q(No matching signature for operator AND for argument types: BOOL, INT64. Supported signature: BOOL AND ([BOOL, ...]) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id = 1 AND id = 2 AND name)q",
     R"q(No matching signature for operator AND for argument types: BOOL, BOOL, STRING. Supported signature: BOOL AND ([BOOL, ...]) [at 1:1])q"},
    {NodeKind::kArtifact, R"q(id = 1 AND (id = 2 OR name))q",
     R"q(No matching signature for operator OR for argument types: BOOL, STRING. Supported signature: BOOL OR ([BOOL, ...]) [at 1:13])q"},
    {NodeKind::kArtifact, R"q(id IS NULL IS NULL)q",
     R"q(Syntax error: Expression to the left of IS must be parenthesized [at 1:12])q"},
    {NodeKind::kArtifact, R"q(id = 1 IS TRUE)q", R"q(Syntax error: Unexpected keyword IS [at 1:8])q"},
    {NodeKind::kArtifact, R"q(name LIKE 'a' = TRUE)q", R"q(Syntax error: Unexpected "=" [at 1:15])q"},
    {NodeKind::kArtifact, R"q(foo = 1 AND id = 'a')q", R"q(Unrecognized name: foo [at 1:1])q"},
    {NodeKind::kArtifact, R"q((foo))q", R"q(Unrecognized name: foo [at 1:2])q"},
    {NodeKind::kExecution, R"q(artifact_id = 1)q", R"q(Unrecognized name: artifact_id [at 1:1])q"},
    {NodeKind::kExecution, R"q(events_0.foo)q",
     R"q(Field name foo does not exist in STRUCT<type INT64, milliseconds_since_epoch INT64, artifact_id INT64> [at 1:10])q"},
    {NodeKind::kContext, R"q(artifacts_0.last_known_state = NEW)q",
     R"q(Field name last_known_state does not exist in STRUCT<id INT64, name STRING, type STRING, ...> [at 1:14])q"},
    {NodeKind::kArtifact, R"q(properties.p0.int_value = 1 AND contexts_x.foo = 1)q",
     R"q(Field name foo does not exist in STRUCT<id INT64, name STRING, type STRING, ...> [at 1:44])q"},
    {NodeKind::kArtifact, R"q(contexts_0.`foo bar` = 1)q",
     R"q(Field name `foo bar` does not exist in STRUCT<id INT64, name STRING, type STRING, ...> [at 1:12])q"},
    {NodeKind::kArtifact, R"q(contexts_0.select = 1)q",
     R"q(Field name `select` does not exist in STRUCT<id INT64, name STRING, type STRING, ...> [at 1:12])q"},
    {NodeKind::kArtifact, R"q(contexts_0.1 = 1)q",
     R"q(Field name `1` does not exist in STRUCT<id INT64, name STRING, type STRING, ...> [at 1:12])q"},
    {NodeKind::kArtifact, R"q(contexts_0.'a' = 1)q",
     R"q(Syntax error: Unexpected string literal 'a' [at 1:12])q"},
    {NodeKind::kArtifact, R"q(id = 1 OR\n)q", R"q(Syntax error: Illegal input character "\\" [at 1:10])q"},
    {NodeKind::kArtifact, R"q(id = 1 \n  AND foo = 1)q",
     R"q(Syntax error: Illegal input character "\\" [at 1:8])q"},
    {NodeKind::kArtifact, R"q(group = 1)q", R"q(Syntax error: Unexpected keyword GROUP [at 1:1])q"},
    {NodeKind::kArtifact, R"q(type = 'a' AND group)q",
     R"q(Syntax error: Unexpected keyword GROUP [at 1:16])q"},
    {NodeKind::kArtifact, R"q(order = 1)q", R"q(Syntax error: Unexpected keyword ORDER [at 1:1])q"},
    {NodeKind::kArtifact, R"q(end = 1)q", R"q(Syntax error: Unexpected keyword END [at 1:1])q"},
    {NodeKind::kArtifact, R"q(all)q", R"q(Syntax error: Unexpected keyword ALL [at 1:1])q"},
    {NodeKind::kArtifact, R"q(type)q", R"q(Given query string is not a valid boolean expression: type)q"},
    {NodeKind::kArtifact, R"q(key = 1)q", R"q(Unrecognized name: key [at 1:1])q"},
    {NodeKind::kArtifact, R"q(value = 1)q", R"q(Unrecognized name: value [at 1:1])q"},
    {NodeKind::kArtifact, R"q(date = 1)q", R"q(Unrecognized name: date [at 1:1])q"},
    {NodeKind::kArtifact, R"q(time)q", R"q(Unrecognized name: time [at 1:1])q"},
};

TEST(FilterQueryTest, RefusesInTheWordsOfMlMetadata) {
  for (const Refusal& refusal : kRefusals) {
    const auto filter = CompileFilter(refusal.kind, refusal.query);
    EXPECT_EQ(filter.status().code(), StatusCode::kInvalidArgument) << refusal.query;
    EXPECT_EQ(filter.status().message(), "Invalid `filter_query`: " + refusal.message) << refusal.query;
  }
}

TEST(FilterQueryTest, CountsColumnsInCharactersAndTabStops) {
  EXPECT_THAT(std::string(CompileFilter(NodeKind::kArtifact, "\tid = 'a'").status().message()),
              HasSubstr("[at 1:9]"));
  EXPECT_THAT(
      std::string(CompileFilter(NodeKind::kArtifact, "name = '\u00e9' AND foo = 1").status().message()),
      HasSubstr("[at 1:16]"));
  EXPECT_THAT(std::string(CompileFilter(NodeKind::kArtifact, "id = 1\n  AND foo").status().message()),
              HasSubstr("[at 2:7]"));
}

TEST(FilterQueryTest, BindsEveryValueAndPropertyName) {
  const auto filter = CompileFilter(
      NodeKind::kArtifact,
      "uri = 'it\\'s' AND custom_properties.`a\"b`.int_value IN (1, -2) AND properties.p.double_value < 1.5");
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_THAT(filter->values, ElementsAre(BoundValue("p"), BoundValue("a\"b"), BoundValue("it's"),
                                          BoundValue(int64_t{1}), BoundValue(int64_t{-2}), BoundValue(1.5)));
  EXPECT_EQ(filter->where_clause,
            "((table_0.uri) = (?)) AND ((table_1.int_value) IN (?, ?)) AND ((table_2.double_value) < (?))");
  EXPECT_THAT(filter->from_clause,
              HasSubstr("FROM ArtifactProperty WHERE name = ? AND is_custom_property = '1'"));
}

TEST(FilterQueryTest, ANeighbourMentionedTwiceIsOneJoin) {
  const auto filter = CompileFilter(NodeKind::kExecution,
                                    "contexts_a.name = 'x' AND contexts_a.type = 'y' AND contexts_b.id = 3");
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_EQ(filter->where_clause,
            "((table_1.name) = (?)) AND ((table_1.type) = (?)) AND ((table_2.id) = (?))");
}

TEST(FilterQueryTest, AStateThatIsExcludedMayBeUnset) {
  const auto filter = CompileFilter(NodeKind::kArtifact, "state != LIVE");
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_EQ(filter->where_clause, "((table_0.state) != (?)) OR ((table_0.state) IS NULL)");
  EXPECT_THAT(filter->values, ElementsAre(BoundValue(int64_t{2})));
}

TEST(FilterQueryTest, TheSamePredicateMayStandTwice) {
  // ML Metadata refuses this one; its rewriting loses track.
  EXPECT_TRUE(CompileFilter(NodeKind::kArtifact, "state = LIVE OR state = LIVE").ok());
}

TEST(FilterQueryTest, TextsAreNotSearchedForPredicates) {
  const auto filter = CompileFilter(NodeKind::kArtifact, "name = 'state = NOTHING' AND uri = 'contexts_a.x'");
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_THAT(filter->values, ElementsAre(BoundValue("state = NOTHING"), BoundValue("contexts_a.x")));
}

TEST(FilterQueryTest, NamesTheColumnThatAJoinLacks) {
  const auto filter = CompileFilter(NodeKind::kContext, "artifacts_a.external_id = \"x\"");
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_EQ(filter->missing_column, "table_1.external_id");
  EXPECT_EQ(filter->shown_where_clause, "(table_1.external_id) = (\"x\")");
}

TEST(FilterQueryTest, RefusesWhatIsTooDeepOrTooLong) {
  const auto refused = [](const std::string& query) {
    return CompileFilter(NodeKind::kArtifact, query).status().code() == StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused(std::string(100'000, '(') + "id = 1" + std::string(100'000, ')')));
  EXPECT_TRUE(refused("id = " + std::string(100'000, '-') + "1"));
  std::string nots;
  for (int i = 0; i < 100'000; ++i) nots += "NOT ";
  EXPECT_TRUE(refused(nots + "TRUE"));
  EXPECT_TRUE(refused("name = '" + std::string(2 << 20, 'x') + "'"));
  std::string sum = "id", predicates;
  for (int i = 0; i < 100'000; ++i) sum += " + 1";
  EXPECT_TRUE(refused(sum + " = 1"));
  for (int i = 0; i < 100'000; ++i) predicates += "state=(";
  EXPECT_TRUE(refused(predicates));  // At once: nothing is searched again and again.
  std::string list = "id IN (0";
  for (int i = 1; i < 40'000; ++i) list += "," + std::to_string(i);
  EXPECT_TRUE(refused(list + ")"));
  EXPECT_TRUE(
      CompileFilter(NodeKind::kArtifact, std::string(90, '(') + "id = 1" + std::string(90, ')')).ok());
}

}  // namespace
}  // namespace penstock::metadata::filter
