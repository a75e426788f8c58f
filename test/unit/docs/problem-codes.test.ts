import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { PROBLEM_GROUPS } from '../../../src/problems/catalogue.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CODES: readonly string[] = Object.values(PROBLEM_GROUPS).flatMap((group) => Object.keys(group));

/** The literals that a type stands for; empty where it stands for anything but codes. */
function codesOf(type: ts.Type | undefined): string[] {
  if (type === undefined) return [];
  const parts = (type.isUnion() ? type.types : [type]).filter((part) => (part.flags & ts.TypeFlags.Undefined) === 0);
  const values = parts.map((part) => (part.isStringLiteral() ? part.value : ''));
  return values.every((value) => CODES.includes(value)) ? values : [];
}

/** Every code that an expression in src/ gives where a code is wanted. */
function codesInUse(): Set<string> {
  const { config } = ts.readConfigFile(`${ROOT}/tsconfig.json`, ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent({ ...config, include: ['src'] }, ts.sys, ROOT);
  const program = ts.createProgram(fileNames, options);
  const checker = program.getTypeChecker();
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && CODES.includes(node.text)) {
      if (codesOf(checker.getContextualType(node)).includes(node.text)) found.add(node.text);
    } else if (ts.isTemplateExpression(node)) {
      for (const code of codesOf(checker.getTypeAtLocation(node))) found.add(code);
    }
    ts.forEachChild(node, visit);
  };
  for (const file of program.getSourceFiles()) {
    if (fileNames.includes(file.fileName) && !file.fileName.includes('/src/problems/')) visit(file);
  }
  return found;
}

describe('the catalogue of codes', () => {
  // That the program tells none that is missing here is the compiler's business: see `ProblemCode`.
  it('has none that the program no longer tells', () => {
    const used = codesInUse();
    expect(CODES.filter((code) => !used.has(code))).toEqual([]);
  });

  it('has each code once, in kebab case', () => {
    expect(
      CODES.filter((code, index) => CODES.indexOf(code) !== index || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(code)),
    ).toEqual([]);
  });

  it('tells for each what it means and what to do, in sentences', () => {
    const texts = Object.values(PROBLEM_GROUPS).flatMap((group) =>
      Object.values(group).flatMap(({ means, remedy }) => [means, remedy]),
    );
    expect(texts.filter((text) => !/^[A-ZÀ-Ý`[].*[.]$/.test(text))).toEqual([]);
  });
});
