/** The oldest Node that the programs run on. */
export const neededNode = 24;

/** Why a program cannot run under this version of Node, and what to do; undefined where it can. */
export function unfitNode(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= neededNode) return undefined;
  return `This program needs Node ${neededNode} or later, and was started by Node ${version}. Get it from https://nodejs.org, or for one project with: npm install node@${neededNode} --allow-scripts=node; npx then uses it.`;
}
