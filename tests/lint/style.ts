/** The project's own rules of error texts and language, as a plugin of `deno lint`. */
import { languageProblems, MAX_COLUMNS, nameProblem } from "./language.ts";

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
    "plain-language": {
      create: (context) => ({
        Program() {
          for (const comment of context.sourceCode.getAllComments()) {
            for (const problem of languageProblems(comment.value)) {
              context.report({ range: comment.range, message: problem });
            }
          }
        },
        Literal(node) {
          if (typeof node.value !== "string") return;
          for (const message of languageProblems(node.value)) context.report({ node, message });
        },
        TemplateElement(node) {
          for (const message of languageProblems(node.cooked)) context.report({ node, message });
        },
        Identifier(node) {
          const message = nameProblem(node.name);
          if (message !== undefined) context.report({ node, message });
        },
      }),
    },
    "comment-width": {
      create: (context) => ({
        Program() {
          const lines = context.sourceCode.text.split("\n");
          let start = 0;
          for (const line of lines) {
            // A long address cannot be broken.
            const isComment = /^\s*(\*|\/\/|\/\*)(?!.*https?:)/.test(line);
            if (isComment && line.length > MAX_COLUMNS) {
              const message = `A line of a comment has at most ${MAX_COLUMNS} columns`;
              context.report({ range: [start, start + line.length], message });
            }
            start += line.length + 1;
          }
        },
      }),
    },
    "no-literal-spread": {
      create: (context) => ({
        SpreadElement(node) {
          if (node.argument.type !== "ObjectExpression") return;
          context.report({ node, message: "Write the properties without a spread of a literal" });
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
