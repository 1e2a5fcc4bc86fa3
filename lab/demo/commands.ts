/** The commands that try Ponte out. The product loads them by name, when they are asked for. */
export { demoCommand } from './demo.ts'
export { demoDataCommand } from './demo-data.ts'
export { simulatorCommand } from './simulator.ts'
