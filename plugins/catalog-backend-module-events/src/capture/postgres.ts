import type { PostgresTriggers } from '@callboard/backstage-plugin-events-node/emitting';

/**
 * 1. The entity is text that the catalog wrote as JSON; it is compared and joined as text. A migration of the catalog may
 *    write what was there before.
 * 2. One random id for all changes of a transaction ties them together.
 */
export const postgres: PostgresTriggers = {
  declare: `
    before text;
    after text;
    what text := 'location';
    correlation text;`,
  body: `
    IF TG_TABLE_NAME = 'final_entities' THEN
      what := 'entity';
      IF TG_OP <> 'INSERT' THEN
        before := OLD.final_entity;
      END IF;
      IF TG_OP <> 'DELETE' THEN
        after := NEW.final_entity;
      END IF;
    ELSE
      IF TG_OP <> 'INSERT' THEN
        before := json_build_object('id', OLD.id, 'type', OLD.type, 'target', OLD.target)::text;
      END IF;
      IF TG_OP <> 'DELETE' THEN
        after := json_build_object('id', NEW.id, 'type', NEW.type, 'target', NEW.target)::text;
      END IF;
    END IF;
    IF before IS NOT DISTINCT FROM after THEN
      RETURN NULL;
    END IF;
    payload := '{"' || what || '":{"before":' || coalesce(before, 'null') || ',"after":' || coalesce(after, 'null') || '}}';
    correlation := nullif(current_setting('callboard.transaction', true), '');
    IF correlation IS NULL THEN
      correlation := gen_random_uuid()::text;
      PERFORM set_config('callboard.transaction', correlation, true);
    END IF;
    metadata := '{"correlationId":"' || correlation || '"}';`,
  after: {
    final_entities: 'INSERT OR UPDATE OR DELETE',
    locations: 'INSERT OR UPDATE OR DELETE',
  },
};
