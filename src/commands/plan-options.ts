export interface PlanCommandOptions {
  readonly detailedExitCode: boolean;
  /** Another manifest to compare with, instead of state and account. */
  readonly against: string | undefined;
}
