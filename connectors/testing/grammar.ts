/** Whether a grammar reads SQL: it knows no names, so an unknown table or column is no error. */
import * as library from 'antlr4ts-sql'

/** The module is CommonJS: how its names arrive depends on who loads it. */
const { antlr4tsSQL, SQLDialect, PredictionMode } = ('default' in library ? library.default : library) as typeof library

/** How many errors the grammar finds. */
export function grammarErrors(script: string, dialect: 'MYSQL' | 'PLSQL'): number {
  // What the quick mode accepts the full one accepts; what it refuses the full one, three times as slow, decides.
  return errorsIn(script, dialect, PredictionMode.SLL) === 0 ? 0 : errorsIn(script, dialect, PredictionMode.LL)
}

function errorsIn(script: string, dialect: 'MYSQL' | 'PLSQL', mode: library.PredictionMode): number {
  const grammar = new antlr4tsSQL(SQLDialect[dialect])
  const parser = grammar.getParserFromSQL(script)
  parser.removeErrorListeners()
  parser.interpreter.setPredictionMode(mode)
  grammar.getParseTree(parser)
  return parser.numberOfSyntaxErrors
}
