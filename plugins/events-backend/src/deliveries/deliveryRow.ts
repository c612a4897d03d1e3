import type { DeliveryState } from '@callboard/backstage-plugin-events-common';

/** A row of `callboard_deliveries`. */
export interface DeliveryRow {
  subscription_id: string;
  position: number | string;
  event_id: string;
  topic: string;
  key: string | null;
  size: number;
  state: DeliveryState;
  attempts: number;
  due_at: number | string;
  last_error: string | null;
  updated_at: number | string;
}

/** A row of `callboard_attempts`. */
export interface AttemptRow {
  subscription_id: string;
  position: number | string;
  number: number;
  time: number | string;
  outcome: 'delivered' | 'failed' | 'lapsed';
  duration_ms: number | null;
  error: string | null;
}

/**
 * States in which an event is still owed:
 *
 * ```
 *   blocked ──▶ due ──▶ claimed ──▶ delivered
 *      ▲         ▲         │
 *      │         └─────────┤ failed, or its reader vanished
 *      └───────────────────┤ not tried, behind one that failed
 *                          └──▶ dead ──▶ due, or blocked if it has a key   (replay)
 * ```
 *
 * Per subscription and key at most one delivery is due, or those of one batch are claimed; the others are blocked behind
 * them. What is replayed with a key becomes due when its turn has come.
 */
export const owedStates: DeliveryState[] = ['due', 'blocked', 'claimed'];
