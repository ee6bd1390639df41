drop table public.icp_profiles;
