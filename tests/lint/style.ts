/** House rules of error texts, as a plugin of `deno lint`. */
const BUILT_IN = new Set(["Error", "TypeError", "RangeError", "SyntaxError"]);

/**
 * What is wrong with the text of an error, and how it is said better.
 *
 * A text says "Cannot do what to what: expected, got". One in lower case is a reason that is put
 * behind the colon of another error.
 */
function problemOf(text: string): string | undefined {
  if (/^(invalid|failed|error|unable|bad|unexpected|could not|can not)\b/i.test(text)) {
    return 'begins with what could not be done, such as "Cannot read ..."';
  }
  if (/[^.]\.$/.test(text)) return "has no final period";
  if (/\b\w+n't\b|\b(it|that|there)'s\b/i.test(text)) return "has no contraction";
  if (/'\$/.test(text) || /(^|\s)'[^']+'/.test(text)) return "quotes with double quotes";
  return undefined;
}

/** Returns the literal text of a message; "$" stands for what is filled in. */
function textOf(
  node: Deno.lint.Expression | Deno.lint.SpreadElement | undefined,
): string | undefined {
  if (node?.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node?.type === "TemplateLiteral") return node.quasis.map(({ cooked }) => cooked).join("$");
  if (node?.type === "BinaryExpression" && node.operator === "+") {
    return (textOf(node.left as Deno.lint.Expression) ?? "$") + (textOf(node.right) ?? "$");
  }
  return undefined;
}

const plugin: Deno.lint.Plugin = {
  name: "style",
  rules: {
    "error-text": {
      create: (context) => ({
        NewExpression(node) {
          if (node.callee.type !== "Identifier" || !BUILT_IN.has(node.callee.name)) return;
          const text = textOf(node.arguments[0]);
          const problem = text === undefined ? undefined : problemOf(text);
          if (problem) context.report({ node, message: `The text of an error ${problem}` });
        },
      }),
    },
    "no-enum": {
      create: (context) => ({
        TSEnumDeclaration(node) {
          context.report({ node, message: "A union of string literals stands for an enum" });
        },
      }),
    },
  },
};

export default plugin;
