/**
 * What reading a manifest may cost. It can come from a stranger's pull request, so one of these limits stops each way
 * of making it expensive.
 */
export const LIMITS = {
  /** Larger files are not even read. 10,000 entries with comments fit. */
  fileBytes: 2 * 1024 * 1024,
  /** A manifest needs six. Much deeper ones overflow the YAML library's stack. */
  nestingLevels: 50,
  /** The smallest pieces of YAML text: words, marks, spaces, line ends. 10,000 entries of six fields have 620,000. */
  lexemes: 650_000,
  /** In the text. Enough for 10,000 entries with ten each. */
  aliases: 100_000,
  /** Nodes with every alias expanded. 10,000 entries that merge five fields have 200,000. */
  expandedNodes: 500_000,
  /** Errors, and warnings, that are reported; a last one says that there are more. */
  problems: 1_000,
  /** The most that common servers and proxies accept in a request line. */
  handlerChars: 2_048,
  /** Of a value before its variables are filled in. */
  filledInChars: 16 * 1024,
  nameChars: 100,
  /** Of a database or a collection. */
  limitNameChars: 200,
  /** Of a value quoted in a message. */
  quotedChars: 60,
} as const;
