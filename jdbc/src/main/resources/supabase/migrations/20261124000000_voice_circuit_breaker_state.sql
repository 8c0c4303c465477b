-- The states of the circuits: one row a business or upstream. PostgreSQL 14 and later.
-- Every statement may be run again, so it does not matter who ran this file before, or how often.

create schema if not exists fusible;

do $$
begin
  if not exists (select from pg_roles where rolname = 'fusible_app') then
    -- It can't log in until it is given a password: alter role fusible_app password '...';
    create role fusible_app login;
  end if;
end
$$;

-- States and holds are checked when they are read, not here: a later version may know more of them,
-- and both may run on one table.
create table if not exists fusible.voice_circuit_breaker_state (
  kind text collate "C" not null default 'business' check (kind in ('business', 'upstream')),
  business_id text collate "C" not null check (business_id ~ '^[A-Za-z0-9._:-]{1,128}$'),
  state text not null default 'CLOSED',
  failure_count integer not null default 0,
  request_count integer not null default 0,
  generation bigint not null default 0,
  version bigint not null default 1,
  opened_at timestamptz check (isfinite(opened_at)),
  failed_trials integer not null default 0,
  last_state_change timestamptz check (isfinite(last_state_change)),
  last_error_code text,
  hold text not null default 'NONE',
  trial_token text,
  trial_until timestamptz check (isfinite(trial_until)),
  write_id text not null default '',
  evidence text,
  evidence_at timestamptz check (isfinite(evidence_at)),
  -- The transaction that wrote the row last: what tells the other instances that it changed.
  change xid8 not null default pg_current_xact_id(),
  primary key (kind, business_id)
);

-- In the order in which changes are read, so that a page costs the same whatever comes before it.
create index if not exists voice_circuit_breaker_state_change
  on fusible.voice_circuit_breaker_state (change, kind, business_id);

-- A table that was restored from another cluster carries marks from that cluster's future.
update fusible.voice_circuit_breaker_state set change = default
  where change >= pg_snapshot_xmax(pg_current_snapshot());

do $$
begin
  if not (select relrowsecurity from pg_class
      where oid = 'fusible.voice_circuit_breaker_state'::regclass) then
    alter table fusible.voice_circuit_breaker_state enable row level security;
  end if;
  if not exists (select from pg_policy
      where polrelid = 'fusible.voice_circuit_breaker_state'::regclass
      and polname = 'fusible_app') then
    create policy fusible_app on fusible.voice_circuit_breaker_state
      to fusible_app using (true) with check (true);
  end if;
end
$$;

-- The application may do this much and no more. Supabase's own roles, which its REST API acts as,
-- may do nothing.
grant usage on schema fusible to fusible_app;
grant select, insert, update on fusible.voice_circuit_breaker_state to fusible_app;
revoke all on schema fusible from public;
revoke all on fusible.voice_circuit_breaker_state from public;

do $$
declare
  api_role text;
begin
  for api_role in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
    execute format('revoke all on schema fusible from %I', api_role);
    execute format('revoke all on fusible.voice_circuit_breaker_state from %I', api_role);
  end loop;
end
$$;
